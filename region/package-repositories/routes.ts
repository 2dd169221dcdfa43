import {
  packageRepository,
  packageRepositoryCreate,
  packageRepositoryUpdate,
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
  createRepository,
  deleteRepository,
  listRepositories,
  readRepository,
  repositoryList,
  updateRepository,
} from "./repositories.ts";

const tags = ["package-repositories"];
const path = "/api/v1/package-repositories";
const params = z.object({ id: rowId });

/** `/api/v1/package-repositories`. */
export function registerPackageRepositoryRoutes(routes: App, { db, clock }: { db: Database; clock: Clock }): void {
  const by = (request: FastifyRequest) => ({ actor: administratorOf(request).username, now: clock.now() });
  routes.get(
    path,
    {
      schema: {
        tags,
        summary: "List package repositories",
        querystring: listQuery(repositoryList),
        response: { 200: pageOf(packageRepository) },
      },
    },
    async (incoming) => listRepositories(db, incoming.query),
  );
  routes.post(
    path,
    {
      schema: {
        tags,
        summary: "Add a package repository",
        body: packageRepositoryCreate,
        response: { 201: packageRepository },
      },
    },
    async (request, reply) => {
      const made = await createRepository(db, request.body, by(request));
      return reply.code(201).header("location", `${path}/${made.id}`).send(made);
    },
  );
  routes.get(
    `${path}/:id`,
    { schema: { tags, summary: "One package repository", params, response: { 200: packageRepository } } },
    async (incoming) => readRepository(db, incoming.params.id),
  );
  routes.patch(
    `${path}/:id`,
    {
      schema: {
        tags,
        summary: "Change a package repository",
        params,
        body: packageRepositoryUpdate,
        response: { 200: packageRepository },
      },
    },
    async (incoming) => updateRepository(db, incoming.params.id, incoming.body, by(incoming)),
  );
  routes.delete(
    `${path}/:id`,
    { schema: { tags, summary: "Delete a package repository", params, response: { 204: z.undefined() } } },
    async (request, reply) => {
      await deleteRepository(db, request.params.id, by(request));
      return reply.code(204).send();
    },
  );
}
