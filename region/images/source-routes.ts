import {
  bootSource,
  bootSourceCreate,
  bootSourceSelection,
  bootSourceSelectionCreate,
  bootSourceSelectionUpdate,
  bootSourceUpdate,
  pageOf,
  rowId,
} from "@rackwright/contract";
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import type { Clock } from "../clock.ts";
import type { Database } from "../database/pool.ts";
import { listQuery } from "../filter/page.ts";
import type { App } from "../http/app.ts";
import { administratorOf } from "../http/auth.ts";
import {
  createSelection,
  deleteSelection,
  listSelections,
  readSelection,
  selectionList,
  updateSelection,
} from "./selections.ts";
import {
  bootSourceList,
  createBootSource,
  deleteBootSource,
  listBootSources,
  readBootSource,
  updateBootSource,
} from "./sources.ts";

const tags = ["boot-sources"];
const path = "/api/v1/boot-sources";
const params = z.object({ id: rowId });
const selectionParams = z.object({ id: rowId, selection: rowId });

/** `/api/v1/boot-sources` and their selections, administrators' only. */
export function registerBootSourceRoutes(routes: App, { db, clock }: { db: Database; clock: Clock }): void {
  const by = (request: FastifyRequest) => ({ actor: administratorOf(request).username, now: clock.now() });
  routes.get(
    path,
    {
      schema: {
        tags,
        summary: "List boot sources",
        querystring: listQuery(bootSourceList),
        response: { 200: pageOf(bootSource) },
      },
    },
    async (incoming) => {
      administratorOf(incoming);
      return listBootSources(db, incoming.query);
    },
  );
  routes.post(
    path,
    { schema: { tags, summary: "Add a boot source", body: bootSourceCreate, response: { 201: bootSource } } },
    async (request, reply) => {
      const made = await createBootSource(db, request.body, by(request));
      return reply.code(201).header("location", `${path}/${made.id}`).send(made);
    },
  );
  routes.get(
    `${path}/:id`,
    { schema: { tags, summary: "One boot source", params, response: { 200: bootSource } } },
    async (incoming) => {
      administratorOf(incoming);
      return readBootSource(db, incoming.params.id);
    },
  );
  routes.patch(
    `${path}/:id`,
    {
      schema: { tags, summary: "Change a boot source", params, body: bootSourceUpdate, response: { 200: bootSource } },
    },
    async (incoming) => updateBootSource(db, incoming.params.id, incoming.body, by(incoming)),
  );
  routes.delete(
    `${path}/:id`,
    { schema: { tags, summary: "Delete a boot source and its selections", params, response: { 204: z.undefined() } } },
    async (request, reply) => {
      await deleteBootSource(db, request.params.id, by(request));
      return reply.code(204).send();
    },
  );
  registerSelectionRoutes(routes, { db, by });
}

type Deps = { db: Database; by: (request: FastifyRequest) => { actor: string; now: Date } };

function registerSelectionRoutes(routes: App, { db, by }: Deps): void {
  const list = `${path}/:id/selections`;
  const at = ({ id, selection }: z.infer<typeof selectionParams>) => ({ source: id, id: selection });
  routes.get(
    list,
    {
      schema: {
        tags,
        summary: "List what is selected of a boot source",
        params,
        querystring: listQuery(selectionList),
        response: { 200: pageOf(bootSourceSelection) },
      },
    },
    async (incoming) => {
      administratorOf(incoming);
      return listSelections(db, incoming.params.id, incoming.query);
    },
  );
  routes.post(
    list,
    {
      schema: {
        tags,
        summary: "Select a release of a boot source",
        params,
        body: bootSourceSelectionCreate,
        response: { 201: bootSourceSelection },
      },
    },
    async (request, reply) => {
      const made = await createSelection(db, request.params.id, request.body, by(request));
      return reply.code(201).header("location", `${path}/${made.boot_source_id}/selections/${made.id}`).send(made);
    },
  );
  routes.get(
    `${list}/:selection`,
    { schema: { tags, summary: "One selection", params: selectionParams, response: { 200: bootSourceSelection } } },
    async (incoming) => {
      administratorOf(incoming);
      return readSelection(db, at(incoming.params));
    },
  );
  routes.patch(
    `${list}/:selection`,
    {
      schema: {
        tags,
        summary: "Change a selection",
        params: selectionParams,
        body: bootSourceSelectionUpdate,
        response: { 200: bootSourceSelection },
      },
    },
    async (incoming) => updateSelection(db, at(incoming.params), incoming.body, by(incoming)),
  );
  routes.delete(
    `${list}/:selection`,
    { schema: { tags, summary: "Delete a selection", params: selectionParams, response: { 204: z.undefined() } } },
    async (request, reply) => {
      await deleteSelection(db, at(request.params), by(request));
      return reply.code(204).send();
    },
  );
}
