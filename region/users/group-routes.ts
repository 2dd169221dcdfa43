import { group, groupCreate, groupDetail, groupMembers, groupUpdate, pageOf } from "@rackwright/contract";
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { listQuery } from "../filter/page.ts";
import type { App } from "../http/app.ts";
import { administratorOf } from "../http/auth.ts";
import { changeMembers, createGroup, deleteGroup, groupList, listGroups, readGroup, updateGroup } from "./groups.ts";
import { type UserDeps, nothing } from "./self.ts";

const params = z.object({ name: z.string().min(1).max(150) });

/** Routes of groups: their members have the roles of the group. All of them are an administrator's. */
export function registerGroups(routes: App, { db, clock }: UserDeps): void {
  const tags = ["groups"];
  const by = (request: FastifyRequest) => ({ actor: administratorOf(request).username, now: clock.now() });
  routes.get(
    "/api/v1/groups",
    { schema: { tags, summary: "List groups", querystring: listQuery(groupList), response: { 200: pageOf(group) } } },
    async (incoming) => {
      administratorOf(incoming);
      return listGroups(db, incoming.query);
    },
  );
  routes.post(
    "/api/v1/groups",
    { schema: { tags, summary: "Create a group", body: groupCreate, response: { 201: groupDetail } } },
    async (request, reply) => {
      const made = await createGroup(db, request.body, by(request));
      return reply
        .code(201)
        .header("location", `/api/v1/groups/${encodeURIComponent(made.name)}`)
        .send(made);
    },
  );
  routes.get(
    "/api/v1/groups/:name",
    { schema: { tags, summary: "One group with its members", params, response: { 200: groupDetail } } },
    async (incoming) => {
      administratorOf(incoming);
      return readGroup(db, incoming.params.name);
    },
  );
  routes.patch(
    "/api/v1/groups/:name",
    { schema: { tags, summary: "Change a group", params, body: groupUpdate, response: { 200: groupDetail } } },
    async (incoming) => updateGroup(db, incoming.params.name, incoming.body, by(incoming)),
  );
  routes.delete(
    "/api/v1/groups/:name",
    { schema: { tags, summary: "Delete a group", params, response: { 204: nothing } } },
    async (request, reply) => {
      await deleteGroup(db, request.params.name, by(request));
      return reply.code(204).send();
    },
  );
  routes.post(
    "/api/v1/groups/:name/members",
    {
      schema: {
        tags,
        summary: "Take users into a group, or out of it",
        params,
        body: groupMembers,
        response: { 200: groupDetail },
      },
    },
    async (incoming) => changeMembers(db, incoming.params.name, incoming.body, by(incoming)),
  );
}
