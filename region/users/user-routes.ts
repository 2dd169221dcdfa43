import { pageOf, self, user, userCreate, userUpdate } from "@rackwright/contract";
import type { FastifyRequest } from "fastify";
import { listQuery } from "../filter/page.ts";
import type { App } from "../http/app.ts";
import { administratorOf, callerOf } from "../http/auth.ts";
import { type UserDeps, byName, nothing, selfOrAdministrator } from "./self.ts";
import { readSelf } from "./read-self.ts";
import { unlockUser } from "./unlock.ts";
import { createUser, deleteUser, listUsers, readUser, updateUser, userList } from "./users.ts";

/** What a user may change of himself; the rest is an administrator's. */
const ownFields = ["password", "email", "full_name"];

/** Routes of users: list, create, read, change, delete. */
export function registerUsers(routes: App, { db, clock }: UserDeps): void {
  const tags = ["users"];
  const byAdministrator = (request: FastifyRequest) => ({
    actor: administratorOf(request).username,
    now: clock.now(),
  });
  routes.get(
    "/api/v1/self",
    { schema: { tags, summary: "Who I am, and what I may", response: { 200: self } } },
    async (incoming) => readSelf(db, callerOf(incoming)),
  );
  routes.get(
    "/api/v1/users",
    { schema: { tags, summary: "List users", querystring: listQuery(userList), response: { 200: pageOf(user) } } },
    async (incoming) => {
      administratorOf(incoming);
      return listUsers(db, incoming.query);
    },
  );
  routes.post(
    "/api/v1/users",
    { schema: { tags, summary: "Create a user", body: userCreate, response: { 201: user } } },
    async (request, reply) => reply.code(201).send(await createUser(db, request.body, byAdministrator(request))),
  );
  routes.get(
    "/api/v1/users/:username",
    { schema: { tags, summary: "One user", params: byName, response: { 200: user } } },
    async (incoming) => readUser(db, selfOrAdministrator(callerOf(incoming), incoming.params.username)),
  );
  routes.patch(
    "/api/v1/users/:username",
    {
      schema: {
        tags,
        summary: "Change password, name, address or rights",
        params: byName,
        body: userUpdate,
        response: { 200: user },
      },
    },
    async (incoming) => {
      const caller = callerOf(incoming);
      if (Object.keys(incoming.body).some((field) => !ownFields.includes(field))) administratorOf(incoming);
      const name = selfOrAdministrator(caller, incoming.params.username);
      return updateUser(db, name, incoming.body, { actor: caller.username, now: clock.now() });
    },
  );
  routes.delete(
    "/api/v1/users/:username",
    { schema: { tags, summary: "Delete a user", params: byName, response: { 204: nothing } } },
    async (request, reply) => {
      await deleteUser(db, request.params.username, byAdministrator(request));
      return reply.code(204).send();
    },
  );
  routes.post(
    "/api/v1/users/:username/unlock",
    {
      schema: {
        tags,
        summary: "Let a user log in again after too many failed attempts",
        params: byName,
        response: { 200: user },
      },
    },
    async (incoming) => unlockUser(db, incoming.params.username, byAdministrator(incoming)),
  );
}
