import { pageOf, tag, tagCreate, tagMachines, tagName, tagUpdate } from "@rackwright/contract";
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import type { Clock } from "../clock.ts";
import type { Database } from "../database/pool.ts";
import { listQuery } from "../filter/page.ts";
import type { App } from "../http/app.ts";
import { administratorOf, callerOf } from "../http/auth.ts";
import { changeTagMachines } from "./give.ts";
import { createTag, deleteTag, listTags, readTag, tagList, updateTag } from "./tags.ts";

const params = z.object({ name: tagName });

/** `/api/v1/tags`. */
export function registerTagRoutes(routes: App, { db, clock }: { db: Database; clock: Clock }): void {
  const tags = ["tags"];
  const by = (request: FastifyRequest) => ({ actor: administratorOf(request).username, now: clock.now() });
  routes.get(
    "/api/v1/tags",
    { schema: { tags, summary: "List tags", querystring: listQuery(tagList), response: { 200: pageOf(tag) } } },
    async (incoming) => listTags(db, { ...incoming.query, viewer: callerOf(incoming) }),
  );
  routes.post(
    "/api/v1/tags",
    {
      schema: {
        tags,
        summary: "Create a tag; one with a definition has its machines at once",
        body: tagCreate,
        response: { 201: tag },
      },
    },
    async (request, reply) => {
      const made = await createTag(db, request.body, by(request));
      return reply.code(201).header("location", `/api/v1/tags/${made.name}`).send(made);
    },
  );
  routes.get(
    "/api/v1/tags/:name",
    { schema: { tags, summary: "One tag", params, response: { 200: tag } } },
    async (incoming) => readTag(db, incoming.params.name, callerOf(incoming)),
  );
  routes.patch(
    "/api/v1/tags/:name",
    { schema: { tags, summary: "Change a tag", params, body: tagUpdate, response: { 200: tag } } },
    async (incoming) => updateTag(db, incoming.params.name, incoming.body, by(incoming)),
  );
  routes.delete(
    "/api/v1/tags/:name",
    { schema: { tags, summary: "Delete a tag", params, response: { 204: z.undefined() } } },
    async (request, reply) => {
      await deleteTag(db, request.params.name, by(request));
      return reply.code(204).send();
    },
  );
  routes.post(
    "/api/v1/tags/:name/machines",
    {
      schema: {
        tags,
        summary: "Give a tag without definition to machines, or take it from them",
        params,
        body: tagMachines,
        response: { 200: tag },
      },
    },
    async (incoming) => {
      const caller = callerOf(incoming);
      const who = { actor: caller.username, now: clock.now(), caller };
      return changeTagMachines(db, incoming.params.name, incoming.body, who);
    },
  );
}
