import { pageOf, pageQuery, password, user, userCreate } from "@rackwright/contract";
import { z } from "zod";
import type { App } from "../http/app.ts";
import { administratorOf, callerOf } from "../http/auth.ts";
import { createUser, deleteUser, listUsers, readUser, updateUser } from "./users.ts";
import { type UserDeps, byName, nothing, selfOrAdministrator } from "./self.ts";

const userUpdate = z.strictObject({ password, administrator: z.boolean() }).partial();

/** Routes of users: list, create, read, change, delete. */
export function registerUsers(routes: App, { db, clock }: UserDeps): void {
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
