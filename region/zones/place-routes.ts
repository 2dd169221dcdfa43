import { pageOf, placeName, type zone, type zoneCreate, type zoneUpdate } from "@rackwright/contract";
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import type { Clock } from "../clock.ts";
import type { Database } from "../database/pool.ts";
import { listQuery } from "../filter/page.ts";
import type { App } from "../http/app.ts";
import { administratorOf, callerOf } from "../http/auth.ts";
import { type Kind, createPlace, deletePlace, listPlaces, placeLists, readPlace, updatePlace } from "./places.ts";

const params = z.object({ name: placeName });

export type PlaceRoutes = {
  kind: Kind;
  path: string;
  title: string;
  schemas: { item: typeof zone; create: typeof zoneCreate; update: typeof zoneUpdate };
};

/** The five routes that zones and pools have in common. */
export function registerPlaceRoutes(
  routes: App,
  { db, clock }: { db: Database; clock: Clock },
  { kind, path, title, schemas: { item, create, update } }: PlaceRoutes,
): void {
  const tags = [path.slice("/api/v1/".length)];
  const by = (request: FastifyRequest) => ({ actor: administratorOf(request).username, now: clock.now() });
  routes.get(
    path,
    {
      schema: {
        tags,
        summary: `List ${title}s`,
        querystring: listQuery(placeLists[kind]),
        response: { 200: pageOf(item) },
      },
    },
    async (incoming) => listPlaces(db, kind, { ...incoming.query, viewer: callerOf(incoming) }),
  );
  routes.post(
    path,
    { schema: { tags, summary: `Create a ${title}`, body: create, response: { 201: item } } },
    async (request, reply) => {
      const made = await createPlace(db, kind, request.body, by(request));
      return reply
        .code(201)
        .header("location", `${path}/${encodeURIComponent(made.name)}`)
        .send(made);
    },
  );
  routes.get(
    `${path}/:name`,
    { schema: { tags, summary: `One ${title}`, params, response: { 200: item } } },
    async (incoming) => readPlace(db, kind, incoming.params.name, callerOf(incoming)),
  );
  routes.patch(
    `${path}/:name`,
    { schema: { tags, summary: `Change a ${title}`, params, body: update, response: { 200: item } } },
    async (incoming) => updatePlace(db, kind, incoming.params.name, incoming.body, by(incoming)),
  );
  routes.delete(
    `${path}/:name`,
    {
      schema: {
        tags,
        summary: `Delete a ${title}; its machines come to the default one`,
        params,
        response: { 204: z.undefined() },
      },
    },
    async (request, reply) => {
      await deletePlace(db, kind, request.params.name, by(request));
      return reply.code(204).send();
    },
  );
}
