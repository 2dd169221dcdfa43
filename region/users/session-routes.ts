import { pageOf, session, sessionCreate, sessionShown } from "@rackwright/contract";
import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { Denied, NotFound } from "../errors.ts";
import { listQuery } from "../filter/page.ts";
import type { App } from "../http/app.ts";
import { callerOf, cookieOf, sessionCookie } from "../http/auth.ts";
import { RateLimiter } from "./limiter.ts";
import { type UserDeps, byName, nothing, selfOrAdministrator } from "./self.ts";
import {
  type Session,
  closeSession,
  endSessions,
  listSessions,
  openSession,
  readSession,
  sessionList,
} from "./sessions.ts";
import { readUser } from "./users.ts";

/** Log-ins from one address: each costs a hash, which is made to be slow. */
export const logIns = { burst: 30, perSecond: 1 };
const sessionId = z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER);

/** Attributes of the session's cookie: over TLS it is never sent without. */
export function cookieAttributes(request: FastifyRequest): string {
  const secure = request.protocol === "https" ? "; Secure" : "";
  return `Path=/; HttpOnly; SameSite=Strict${secure}`;
}

/** Gives the browser its session. */
export function setSessionCookie(request: FastifyRequest, reply: FastifyReply, id: string, seconds: number): void {
  void reply.header("set-cookie", `${sessionCookie}=${id}; Max-Age=${seconds}; ${cookieAttributes(request)}`);
}

/** Routes of sessions: log in, look, log out, end others. */
export function registerSessions(routes: App, { db, clock }: UserDeps): void {
  const tags = ["sessions"];
  const limiter = new RateLimiter(logIns);
  const toSession = ({ username: name, administrator, csrfToken, expiresAt }: Session) => ({
    username: name,
    administrator,
    csrf_token: csrfToken,
    expires_at: expiresAt.toISOString(),
  });
  const by = (request: FastifyRequest) => ({ actor: callerOf(request).username, now: clock.now() });
  routes.post(
    "/api/v1/sessions",
    {
      config: { public: true },
      schema: { tags, summary: "Log in", body: sessionCreate, response: { 201: session } },
    },
    async (request, reply) => {
      const now = clock.now();
      const wait = limiter.take(request.ip, now);
      if (wait > 0)
        throw new Denied("There are too many attempts to log in from this address.", 429, {
          next: `Try again in ${wait} seconds.`,
        });
      const from = { address: request.ip, userAgent: request.headers["user-agent"] };
      const opened = await openSession(db, request.body, { ...from, now });
      const seconds = Math.floor((opened.session.expiresAt.getTime() - now.getTime()) / 1000);
      setSessionCookie(request, reply, opened.id, seconds);
      return reply.code(201).send(toSession(opened.session));
    },
  );
  routes.get(
    "/api/v1/sessions/current",
    { schema: { tags, summary: "The session of this browser", response: { 200: session } } },
    async (incoming) => {
      const cookie = cookieOf(incoming, sessionCookie);
      const found = cookie === undefined ? null : await readSession(db, cookie, clock.now());
      if (!found) throw new NotFound("This request came without a session.");
      return toSession(found);
    },
  );
  routes.delete(
    "/api/v1/sessions/current",
    { schema: { tags, summary: "Log out", response: { 204: nothing } } },
    async (request, reply) => {
      const cookie = cookieOf(request, sessionCookie);
      if (cookie !== undefined) await closeSession(db, cookie, clock.now());
      return reply
        .code(204)
        .header("set-cookie", `${sessionCookie}=; Max-Age=0; ${cookieAttributes(request)}`)
        .send();
    },
  );

  for (const { path, params } of [
    { path: "/api/v1/sessions", params: z.object({}) },
    { path: "/api/v1/users/:username/sessions", params: byName },
  ]) {
    const whose = async (request: FastifyRequest, named: object): Promise<{ id: number; username: string }> => {
      const caller = callerOf(request);
      return "username" in named ? readUser(db, selfOrAdministrator(caller, String(named.username))) : caller;
    };
    routes.get(
      path,
      {
        schema: {
          tags,
          summary: "Sessions that are not over",
          params,
          querystring: listQuery(sessionList),
          response: { 200: pageOf(sessionShown) },
        },
      },
      async (incoming) => {
        const { id } = await whose(incoming, incoming.params);
        const current = cookieOf(incoming, sessionCookie);
        return listSessions(db, id, { ...incoming.query, current, now: clock.now() });
      },
    );
    routes.delete(
      path,
      { schema: { tags, summary: "End every session: log out everywhere", params, response: { 204: nothing } } },
      async (request, reply) => {
        await endSessions(db, await whose(request, request.params), "all", by(request));
        return reply.code(204).send();
      },
    );
    routes.delete(
      `${path}/:id`,
      {
        schema: {
          tags,
          summary: "End a session",
          params: params.extend({ id: sessionId }),
          response: { 204: nothing },
        },
      },
      async (request, reply) => {
        const { id } = request.params;
        await endSessions(db, await whose(request, request.params), { id }, by(request));
        return reply.code(204).send();
      },
    );
  }
}
