import type { RouteOptions } from "fastify";
import {
  event,
  failure,
  inventory,
  machine,
  machineDetail,
  machineStorage,
  nodeInterface,
  plan,
  problem,
} from "@rackwright/contract";
import { z } from "zod";
import { answerSchema, changes, itemSchema, selectable } from "./asked.ts";

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
const shared = {
  MachineDetail: machineDetail,
  Machine: machine,
  Inventory: inventory,
  MachineStorage: machineStorage,
  Interface: nodeInterface,
  Event: event,
  Failure: failure,
};

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
  // Things that can be read at their own path.
  const things = new Set(
    shown
      .filter(
        ({ method, schema }) =>
          method === "GET" && answerSchema(schema) !== null && itemSchema(answerSchema(schema)) === null,
      )
      .map(({ url }) => url),
  );
  for (const route of shown) {
    const path = route.url.replaceAll(/:(\w+)/g, "{$1}");
    for (const method of [route.method].flat()) {
      if (method === "HEAD") continue;
      (paths[path] ??= {})[method.toLowerCase()] = operation(route, method, path, things.has(route.url));
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
        "Bare-metal provisioning. Errors are RFC 9457 problem documents. Lists are pages: go on with `next` as `cursor`. " +
        "Things have an ETag for If-None-Match and If-Match; changes can be tried with dry_run=true, and a POST is done once however often it is sent with one Idempotency-Key.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/" }],
    security: [{ token: [] }, { session: [] }],
    paths: share(paths, names),
    components: {
      schemas: {
        ...Object.fromEntries(components),
        Problem: toSchema(problem, "output"),
        Plan: share(toSchema(plan, "output"), names) as JsonSchema,
      },
      parameters: commonParameters,
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

/** Parameters that many operations take, told once. */
const commonParameters = {
  fields: {
    name: "fields",
    in: "query",
    required: false,
    description: "Names of the fields to answer, of each item where it is a list; with commas between. By default all",
    schema: { type: "string" },
  },
  dry_run: {
    name: "dry_run",
    in: "query",
    required: false,
    description: "true: say what would be done, by the same rules, and do nothing. The answer is a Plan",
    schema: { type: "string", enum: ["true", "false"] },
  },
  "If-None-Match": {
    name: "If-None-Match",
    in: "header",
    required: false,
    description: "ETags the caller has; 304 if what is asked for is still one of them",
    schema: { type: "string" },
  },
  "If-Match": {
    name: "If-Match",
    in: "header",
    required: false,
    description: "ETag of the thing as the caller saw it; 412 with what changed if it is another now",
    schema: { type: "string" },
  },
  "Idempotency-Key": {
    name: "Idempotency-Key",
    in: "header",
    required: false,
    description:
      "A random text such as a UUID: the same request sent again within a day is not done again, and answered as before",
    schema: { type: "string", maxLength: 255 },
  },
} satisfies Record<string, JsonSchema>;

type Told = { method: string; config: Described["config"] };

/** Whether a change can be tried, and done once. */
const triable = ({ method, config }: Told): boolean =>
  changes(method) && config?.outside !== true && config?.public !== true;

function common({
  schema,
  readable,
  ...told
}: Told & { schema: Described["schema"]; readable: boolean }): JsonSchema[] {
  const names: (keyof typeof commonParameters)[] = [];
  if (selectable(told.method, schema).length > 0) names.push("fields");
  if (told.method === "GET" && answerSchema(schema) !== null) names.push("If-None-Match");
  if (triable(told)) names.push("dry_run", ...(told.method === "POST" ? (["Idempotency-Key"] as const) : []));
  if (triable(told) && told.method !== "POST" && readable) names.push("If-Match");
  return names.map((name) => ({ $ref: `#/components/parameters/${name}` }));
}

/** The other thing a change that can be tried may answer. */
function withPlan(answers: JsonSchema, tried: boolean): JsonSchema {
  if (!tried) return answers;
  const [status = "200"] = Object.keys(answers);
  const answer = { description: "Done", ...(answers[status] as { content?: object }) };
  const content = { "application/vnd.rackwright.plan+json": { schema: { $ref: "#/components/schemas/Plan" } } };
  const told = status === "200" ? { ...answer, content: { ...answer.content, ...content } } : null;
  return told === null
    ? { ...answers, 200: { description: "What would be done, with dry_run=true", content } }
    : { ...answers, 200: told };
}

function operation({ schema = {}, config }: Described, method: string, path: string, readable: boolean): JsonSchema {
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
    parameters: [
      ...parameters(schema.params, "path"),
      ...parameters(schema.querystring, "query"),
      ...common({ schema, method, config, readable }),
    ],
    ...(body && {
      requestBody: {
        required: !body.safeParse(undefined).success,
        content: { "application/json": { schema: toSchema(body, "input") } },
      },
    }),
    responses: {
      ...withPlan(responses(schema.response), triable({ method, config })),
      default: { $ref: "#/components/responses/Problem" },
    },
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
