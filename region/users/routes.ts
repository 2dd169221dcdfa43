import {
  pageOf,
  pageQuery,
  password,
  session,
  sessionCreate,
  sshKey,
  sshKeyCreate,
  token,
  tokenCreate,
  tokenCreated,
  user,
  userCreate,
  username,
} from "@rackwright/contract";
import { z } from "zod";
import type { Clock } from "../clock.ts";
import type { Database } from "../database/pool.ts";
import { Denied, NotFound } from "../errors.ts";
import type { App } from "../http/app.ts";
import { administratorOf, callerOf, cookieOf, sessionCookie } from "../http/auth.ts";
import type { Caller } from "../machines/fire.ts";
import { LoginLimiter } from "./limiter.ts";
import { type Session, closeSession, openSession, readSession } from "./sessions.ts";
import { addSshKey, deleteSshKey, listSshKeys } from "./ssh-keys.ts";
import { createToken, deleteToken, listTokens } from "./tokens.ts";
import { createUser, deleteUser, listUsers, readUser, updateUser } from "./users.ts";

export type UserDeps = { db: Database; clock: Clock };

const byName = z.object({ username });
const nothing = z.undefined();
const userUpdate = z.strictObject({ password, administrator: z.boolean() }).partial();
const lists = { limit: 1000 };

/** Routes of users, sessions, API tokens and SSH keys. */
export function registerUserRoutes(routes: App, deps: UserDeps): void {
  registerUsers(routes, deps);
  registerSessions(routes, deps);
  registerTokens(routes, deps);
  registerSshKeys(routes, deps);
}

function registerUsers(routes: App, { db, clock }: UserDeps): void {
  const tags = ["users"];
  routes.get(
    "/api/v1/users",
    { schema: { tags, summary: "List users", querystring: pageQuery, response: { 200: pageOf(user) } } },
    async (incoming) => {
      administratorOf(incoming);
      return listUsers(db, incoming.query);
    },
  );
  routes.post(
    "/api/v1/users",
    { schema: { tags, summary: "Create a user", body: userCreate, response: { 201: user } } },
    async (request, reply) => {
      const { username: actor } = administratorOf(request);
      return reply.code(201).send(await createUser(db, request.body, { actor, now: clock.now() }));
    },
  );
  routes.get(
    "/api/v1/users/:username",
    { schema: { tags, summary: "One user", params: byName, response: { 200: user } } },
    async (incoming) => readUser(db, selfOrAdministrator(callerOf(incoming), incoming.params.username)),
  );
  routes.patch(
    "/api/v1/users/:username",
    {
      schema: { tags, summary: "Change password or rights", params: byName, body: userUpdate, response: { 200: user } },
    },
    async (incoming) => {
      const caller = callerOf(incoming);
      if (incoming.body.administrator !== undefined) administratorOf(incoming);
      const name = selfOrAdministrator(caller, incoming.params.username);
      return updateUser(db, name, incoming.body, { actor: caller.username, now: clock.now() });
    },
  );
  routes.delete(
    "/api/v1/users/:username",
    { schema: { tags, summary: "Delete a user", params: byName, response: { 204: nothing } } },
    async (request, reply) => {
      const { username: actor } = administratorOf(request);
      await deleteUser(db, request.params.username, { actor, now: clock.now() });
      return reply.code(204).send();
    },
  );
}

function registerSessions(routes: App, { db, clock }: UserDeps): void {
  const tags = ["sessions"];
  const limiter = new LoginLimiter();
  const toSession = ({ username: name, administrator, csrfToken, expiresAt }: Session) => ({
    username: name,
    administrator,
    csrf_token: csrfToken,
    expires_at: expiresAt.toISOString(),
  });
  const attributes = "Path=/; HttpOnly; SameSite=Strict";
  routes.post(
    "/api/v1/sessions",
    {
      config: { public: true },
      schema: { tags, summary: "Log in", body: sessionCreate, response: { 201: session } },
    },
    async (request, reply) => {
      const opened = await openSession(db, request.body, { address: request.ip, limiter, now: clock.now() });
      const seconds = Math.floor((opened.session.expiresAt.getTime() - clock.now().getTime()) / 1000);
      return reply
        .code(201)
        .header("set-cookie", `${sessionCookie}=${opened.id}; Max-Age=${seconds}; ${attributes}`)
        .send(toSession(opened.session));
    },
  );
  routes.get(
    "/api/v1/sessions/current",
    { schema: { tags, summary: "The session of this browser", response: { 200: session } } },
    async (incoming) => {
      const cookie = cookieOf(incoming, sessionCookie);
      const found = cookie === undefined ? null : await readSession(db, cookie, clock.now());
      if (!found) throw new NotFound("This incoming came without a session.");
      return toSession(found);
    },
  );
  routes.delete(
    "/api/v1/sessions/current",
    { schema: { tags, summary: "Log out", response: { 204: nothing } } },
    async (request, reply) => {
      const cookie = cookieOf(request, sessionCookie);
      if (cookie !== undefined) await closeSession(db, cookie);
      return reply.code(204).header("set-cookie", `${sessionCookie}=; Max-Age=0; ${attributes}`).send();
    },
  );
}

function registerTokens(routes: App, { db, clock }: UserDeps): void {
  const tags = ["tokens"];
  const paths = [
    { path: "/api/v1/tokens", params: z.object({}) },
    { path: "/api/v1/users/:username/tokens", params: byName },
  ];
  for (const { path, params } of paths) {
    const whose = async (caller: Caller, named: object): Promise<number> => {
      if (!("username" in named)) return caller.id;
      return (await readUser(db, selfOrAdministrator(caller, String(named.username)))).id;
    };
    routes.get(
      path,
      { schema: { tags, summary: "List API keys", params, response: { 200: pageOf(token) } } },
      async (incoming) => ({
        items: await listTokens(db, await whose(callerOf(incoming), incoming.params)),
        next: null,
      }),
    );
    routes.post(
      path,
      {
        schema: {
          tags,
          summary: "Make an API key; it is shown this once",
          params,
          body: tokenCreate,
          response: { 201: tokenCreated },
        },
      },
      async (request, reply) => {
        const userId = await whose(callerOf(request), request.params);
        return reply.code(201).send(await createToken(db, userId, request.body.name, clock.now()));
      },
    );
    routes.delete(
      `${path}/:id`,
      {
        schema: {
          tags,
          summary: "Delete an API key",
          params: params.extend({ id: z.string().max(64) }),
          response: { 204: nothing },
        },
      },
      async (request, reply) => {
        await deleteToken(db, await whose(callerOf(request), request.params), request.params.id);
        return reply.code(204).send();
      },
    );
  }
}

function registerSshKeys(routes: App, { db, clock }: UserDeps): void {
  const tags = ["ssh-keys"];
  routes.get(
    "/api/v1/ssh-keys",
    { schema: { tags, summary: "List own SSH keys", response: { 200: pageOf(sshKey) } } },
    async (incoming) => ({ items: (await listSshKeys(db, callerOf(incoming).id)).slice(0, lists.limit), next: null }),
  );
  routes.post(
    "/api/v1/ssh-keys",
    {
      schema: {
        tags,
        summary: "Add an SSH key that deployed machines let in",
        body: sshKeyCreate,
        response: { 201: sshKey },
      },
    },
    async (request, reply) =>
      reply.code(201).send(await addSshKey(db, callerOf(request).id, request.body.key, clock.now())),
  );
  routes.delete(
    "/api/v1/ssh-keys/:id",
    {
      schema: {
        tags,
        summary: "Delete an own SSH key",
        params: z.object({ id: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER) }),
        response: { 204: nothing },
      },
    },
    async (request, reply) => {
      await deleteSshKey(db, callerOf(request).id, request.params.id);
      return reply.code(204).send();
    },
  );
}

function selfOrAdministrator(caller: Caller, name: string): string {
  if (caller.administrator || caller.username === name) return name;
  throw new Denied("Only an administrator may look at or change another user.");
}
