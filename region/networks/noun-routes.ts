import { pageOf } from "@rackwright/contract";
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import type { List } from "../filter/list.ts";
import { type Asked, listQuery } from "../filter/page.ts";
import type { App } from "../http/app.ts";
import type { Page } from "../page.ts";

/** A number in a path; fabrics begin with 0. */
export const idParams = z.object({
  id: z
    .string()
    .regex(/^(0|[1-9][0-9]{0,14})$/, "must be a number from the list")
    .transform(Number),
});

/** The five routes of one kind of thing that is listed by its number. */
export type NounRoutes<C extends z.ZodType, U extends z.ZodType, Q extends z.ZodRawShape> = {
  /** What one is called, with its article: `a static route`. */
  title: string;
  /** What several are called. */
  titles: string;
  /** What is listed, by its path, and how it can be filtered. */
  shown: List;
  create: C;
  update: U;
  /** Further parameters of the list. */
  filters: Q;
  list: (request: FastifyRequest, asked: Asked, filters: z.output<z.ZodObject<Q>>) => Promise<Page<{ id: number }>>;
  read: (request: FastifyRequest, id: number) => Promise<unknown>;
  make: (request: FastifyRequest, wanted: z.output<C>) => Promise<{ id: number }>;
  change: (request: FastifyRequest, id: number, change: z.output<U>) => Promise<unknown>;
  remove: (request: FastifyRequest, id: number) => Promise<void>;
};

/** Registers list, create, read, change and delete; who may is the functions' to say. */
export function registerNoun<C extends z.ZodType, U extends z.ZodType, Q extends z.ZodRawShape>(
  routes: App,
  noun: NounRoutes<C, U, Q>,
): void {
  const tags = ["networks"];
  const path = `/api/v1/${noun.shown.path}`;
  const { title, titles } = noun;
  // Not generic here: what requests bring is read again below, with the schema's own type.
  const item: z.ZodType = noun.shown.item;
  const create: z.ZodType = noun.create;
  const update: z.ZodType = noun.update;
  const asked = listQuery(noun.shown);
  const query: z.ZodObject = asked.extend(noun.filters);
  const filters = z.object(noun.filters);
  routes.get(
    path,
    {
      schema: {
        summary: `List ${titles}`,
        tags,
        querystring: query,
        response: { 200: pageOf(item) },
      },
    },
    async (incoming) => noun.list(incoming, asked.parse(incoming.query), filters.parse(incoming.query)),
  );
  routes.post(
    path,
    { schema: { summary: `Create ${title}`, tags, body: create, response: { 201: item } } },
    async (request, reply) => {
      const made = await noun.make(request, noun.create.parse(request.body));
      return reply.code(201).header("location", `${path}/${made.id}`).send(made);
    },
  );
  routes.get(
    `${path}/:id`,
    { schema: { summary: `Read ${title}`, tags, params: idParams, response: { 200: item } } },
    (request) => noun.read(request, request.params.id),
  );
  routes.patch(
    `${path}/:id`,
    { schema: { summary: `Change ${title}`, tags, params: idParams, body: update, response: { 200: item } } },
    (request) => noun.change(request, request.params.id, noun.update.parse(request.body)),
  );
  routes.delete(
    `${path}/:id`,
    { schema: { summary: `Delete ${title}`, tags, params: idParams, response: { 204: z.undefined() } } },
    async (request, reply) => {
      await noun.remove(request, request.params.id);
      return reply.code(204).send();
    },
  );
}
