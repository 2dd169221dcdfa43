import type { RouteOptions } from "fastify";
import { event, failure, inventory, machine, machineDetail, problem } from "@rackwright/contract";
import { z } from "zod";

declare module "fastify" {
  interface FastifySchema {
    summary?: string;
    description?: string;
    tags?: readonly string[];
    hide?: boolean;
  }
}

type JsonSchema = Record<string, unknown>;

/** What OpenAPI says of one route; `routes` of the API are those below `/api/v1`. */
export type Described = Pick<RouteOptions, "method" | "url" | "schema" | "config">;

const toSchema = (schema: z.ZodType, io: "input" | "output"): JsonSchema => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { target: "draft-2020-12", io, unrepresentable: "any" });
  return rest;
};

/** Answers that occur in many places, told once. The larger ones first, so that they are found as a whole. */
const shared = { MachineDetail: machineDetail, Machine: machine, Inventory: inventory, Event: event, Failure: failure };

/** Puts a reference in the place of every part that is one of the shared schemas. */
function share(value: unknown, names: ReadonlyMap<string, string>): unknown {
  if (typeof value !== "object" || value === null) return value;
  const name = names.get(JSON.stringify(value));
  if (name !== undefined) return { $ref: `#/components/schemas/${name}` };
  if (Array.isArray(value)) return value.map((part) => share(part, names));
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, share(part, names)]));
}

/** The OpenAPI 3.1 document of the routes, made from their zod schemas. */
export function describeApi(routes: readonly Described[], version: string): JsonSchema {
  const paths: Record<string, Record<string, JsonSchema>> = {};
  const shown = routes
    .filter(({ url, schema }) => url.startsWith("/api/v1/") && schema?.hide !== true)
    .toSorted((a, b) => a.url.localeCompare(b.url));
  for (const route of shown) {
    const path = route.url.replaceAll(/:(\w+)/g, "{$1}");
    for (const method of [route.method].flat()) {
      if (method === "HEAD") continue;
      (paths[path] ??= {})[method.toLowerCase()] = operation(route, method, path);
    }
  }
  const schemas = Object.entries(shared).map(([name, schema]) => [name, toSchema(schema, "output")] as const);
  const names = new Map(schemas.map(([name, schema]) => [JSON.stringify(schema), name]));
  const components = schemas.map(([name, schema]) => [
    name,
    Object.fromEntries(Object.entries(schema).map(([key, part]) => [key, share(part, names)])),
  ]);
  return {
    openapi: "3.1.0",
    info: {
      title: "Rackwright",
      version,
      description:
        "Bare-metal provisioning. Errors are RFC 9457 problem documents. Lists are pages: go on with `next` as `cursor`.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/" }],
    security: [{ token: [] }, { session: [] }],
    paths: share(paths, names),
    components: {
      schemas: { ...Object.fromEntries(components), Problem: toSchema(problem, "output") },
      responses: {
        Problem: {
          description: "Why it was refused or failed",
          content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
        },
      },
      securitySchemes: {
        token: { type: "http", scheme: "bearer", description: "An API key, consumer:token:secret" },
        session: {
          type: "apiKey",
          in: "cookie",
          name: "rackwright_session",
          description: "What changes something also needs the header x-csrf-token",
        },
      },
    },
  };
}

function operation({ schema = {}, config }: Described, method: string, path: string): JsonSchema {
  const name = path
    .replace("/api/v1/", "")
    .split("/")
    .map((part) => part.replaceAll(/[{}]/g, "").replaceAll(/\W+/g, "_"))
    .join("_");
  const body = schema.body instanceof z.ZodType ? schema.body : null;
  return {
    operationId: `${method.toLowerCase()}_${name}`,
    ...(schema.summary !== undefined && { summary: schema.summary }),
    ...(schema.description !== undefined && { description: schema.description }),
    ...(schema.tags && { tags: schema.tags }),
    ...(config?.public && { security: [] }),
    parameters: [...parameters(schema.params, "path"), ...parameters(schema.querystring, "query")],
    ...(body && {
      requestBody: {
        required: !body.safeParse(undefined).success,
        content: { "application/json": { schema: toSchema(body, "input") } },
      },
    }),
    responses: { ...responses(schema.response), default: { $ref: "#/components/responses/Problem" } },
  };
}

function parameters(schema: unknown, where: "path" | "query"): JsonSchema[] {
  if (!(schema instanceof z.ZodType)) return [];
  const { properties = {}, required = [] } = toSchema(schema, "input") as {
    properties?: Record<string, JsonSchema>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, { description, ...shape }]) => ({
    name,
    in: where,
    required: where === "path" || required.includes(name),
    ...(description !== undefined && { description }),
    schema: shape,
  }));
}

function responses(schemas: unknown): JsonSchema {
  if (typeof schemas !== "object" || schemas === null)
    return { 200: { description: "A stream", content: { "text/event-stream": {} } } };
  return Object.fromEntries(
    Object.entries(schemas).map(([status, schema]: [string, unknown]) => [
      status,
      schema instanceof z.ZodString || schema instanceof z.ZodCustom
        ? { description: "Done", content: { "text/plain": { schema: { type: "string" } } } }
        : schema instanceof z.ZodType && !(schema instanceof z.ZodUndefined)
          ? { description: "Done", content: { "application/json": { schema: toSchema(schema, "output") } } }
          : { description: "Done" },
    ]),
  );
}
