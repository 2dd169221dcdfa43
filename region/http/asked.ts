import { nearest } from "@rackwright/contract";
import type { FastifyInstance, FastifyRequest, FastifySchema } from "fastify";
import { z } from "zod";
import { type FieldFailure, InputError } from "../errors.ts";

/** What any request may ask for beside what its route knows. */
export type Asked = {
  /** Fields the answer shall have; null: all. */
  fields: readonly string[] | null;
  /** Say what would be done, and do nothing. */
  dryRun: boolean;
};

declare module "fastify" {
  interface FastifyRequest {
    /** Set for every route below `/api/v1`. */
    asked: Asked | null;
  }
  interface FastifyContextConfig {
    /**
     * What the route does is not all in the database (files, other servers), so it cannot be tried and taken back, or
     * done exactly once: no `dry_run`, `If-Match` or `Idempotency-Key`.
     */
    outside?: boolean;
  }
}

export const changes = (method: string | readonly string[]): boolean =>
  ![method].flat().some((verb) => ["GET", "HEAD", "OPTIONS"].includes(verb));

/** Whether a route belongs to the API these rules are for. */
export const isApi = (url: string | undefined): boolean => url !== undefined && url.startsWith("/api/v1/");

/** The schema of what a successful answer holds. */
export function answerSchema(schema: FastifySchema | undefined): z.ZodObject | null {
  const answers: unknown = schema?.response;
  if (typeof answers !== "object" || answers === null) return null;
  const found = Object.entries(answers).find(([status]) => status.startsWith("2"))?.[1] as unknown;
  return found instanceof z.ZodObject ? found : null;
}

/** The schema of one item where the answer is a page of a list; null where it is one thing. */
export function itemSchema(answer: z.ZodObject | null): z.ZodObject | null {
  const items: unknown = answer?.shape["items"];
  if (answer === null || !("next" in answer.shape) || !(items instanceof z.ZodArray)) return null;
  return items.element instanceof z.ZodObject ? items.element : null;
}

/** Names that `fields` may give for a route's answers; none where it does not take it. */
export function selectable(method: string | readonly string[], schema: FastifySchema | undefined): string[] {
  if (changes(method)) return [];
  const answer = answerSchema(schema);
  return Object.keys((itemSchema(answer) ?? answer)?.shape ?? {});
}

type Known = { own: readonly string[]; fields: readonly string[]; dryRun: boolean };

function known({ method, routeOptions }: FastifyRequest): Known | null {
  const schema = routeOptions.schema?.querystring;
  // One who takes any name says so: z.looseObject.
  if (schema !== undefined && !(schema instanceof z.ZodObject)) return null;
  if (schema?.def.catchall !== undefined && !(schema.def.catchall instanceof z.ZodNever)) return null;
  const fields = selectable(method, routeOptions.schema);
  return {
    own: Object.keys(schema?.shape ?? {}),
    fields,
    dryRun: changes(method) && routeOptions.config.outside !== true && routeOptions.config.public !== true,
  };
}

function readFields(text: unknown, allowed: readonly string[]): string[] {
  const names = String(text)
    .split(",")
    .map((name) => name.trim());
  const unknown = names.find((name) => !allowed.includes(name));
  if (unknown === undefined) return names;
  const meant = nearest(unknown, allowed);
  throw InputError.field(
    "fields",
    unknown.slice(0, 200),
    `must be names with commas between, of: ${allowed.join(", ")}${meant === undefined ? "" : ` (did you mean ${meant}?)`}`,
  );
}

/** Takes `fields` and `dry_run` out of the query, and refuses every name that neither they nor the route know. */
async function readAsked(request: FastifyRequest): Promise<void> {
  if (!isApi(request.routeOptions.url) || request.is404) return;
  const query = request.query as Record<string, unknown>;
  const may = known(request);
  const asked: Asked = { fields: null, dryRun: false };
  request.asked = asked;
  if (may === null) return;
  const take = (name: string): unknown => {
    const value = query[name];
    delete query[name];
    return value;
  };
  const own = new Set(may.own);
  if (may.fields.length > 0 && !own.has("fields") && query["fields"] !== undefined)
    asked.fields = readFields(take("fields"), may.fields);
  if (may.dryRun && query["dry_run"] !== undefined) {
    const value = take("dry_run");
    if (value !== "true" && value !== "false") throw InputError.field("dry_run", value, "must be true or false");
    asked.dryRun = value === "true";
  }
  const names = [...may.own, ...(may.fields.length > 0 ? ["fields"] : []), ...(may.dryRun ? ["dry_run"] : [])];
  const failures = Object.keys(query)
    .filter((name) => !own.has(name))
    .map((name): FieldFailure => refusal(name, names));
  if (failures.length > 0)
    throw new InputError(failures.map(({ field, allowed }) => `${field} ${allowed}`).join("; "), { failures });
}

function refusal(name: string, names: readonly string[]): FieldFailure {
  const field = name.slice(0, 100);
  if (names.length === 0) return { field, allowed: "is not known here: this takes no query" };
  const meant = nearest(field, names);
  const hint = meant === undefined ? "" : ` (did you mean ${meant}?)`;
  return { field, allowed: `is not known here${hint}; the query may have ${names.join(", ")}` };
}

/** Gives every route below `/api/v1` the common query parameters, and strictness about all others. */
export function registerAsked(app: FastifyInstance): void {
  app.decorateRequest("asked", null);
  app.addHook("preValidation", readAsked);
}
