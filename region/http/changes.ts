import type { FastifyReply, FastifyRequest, RouteHandlerMethod } from "fastify";
import { z } from "zod";
import type { Clock } from "../clock.ts";
import type { Database } from "../database/pool.ts";
import { RegionDatabase } from "../database/together.ts";
import { type FieldFailure, InputError, PreconditionFailed } from "../errors.ts";
import { isSecret } from "../events/audit.ts";
import type { App } from "./app.ts";
import { answerSchema, changes, isApi } from "./asked.ts";
import { changedSince, readTags } from "./etag.ts";
import { newestEvent, readPlan } from "./dry-run.ts";
import { type KeptAnswer, type KeyedRequest, keepAnswer, readKey, takeKey } from "./idempotency.ts";
import { type Representation, Representations } from "./representation.ts";

/** The media type of the answer to `dry_run=true`, so that nobody takes it for the thing itself. */
export const planType = "application/vnd.rackwright.plan+json; charset=utf-8";

/** What a request asks of the way it is done. */
type Conditions = { dryRun: boolean; tags: string[] | null; key: string | null };

type Deps = { db: Database; clock: Clock; representations: Representations };

/**
 * Gives every route below `/api/v1` that changes something `dry_run=true`, `If-Match` (PATCH, PUT, DELETE) and
 * `Idempotency-Key` (POST). The handler does what it always does; what it asks of the database becomes part of one
 * transaction around it. A request that asks for none of the three is not touched.
 */
export function registerChanges(app: App, { db, clock, representations }: Deps): void {
  app.addHook("onRoute", (route) => {
    if (!isApi(route.url) || !changes(route.method)) return;
    const handle: RouteHandlerMethod = route.handler;
    const { url } = route;
    const secret = holdsSecret(answerSchema(route.schema));
    const outside = route.config?.outside === true || route.config?.public === true;
    route.handler = async function (this: typeof app, request: FastifyRequest, reply: FastifyReply) {
      const conditions = readConditions(request, { outside, readable: representations.schemaOf(url) !== null });
      if (conditions === null) return Reflect.apply(handle, this, [request, reply]);
      const work = () => answerOf(this, handle, request, reply);
      if (conditions.dryRun) return tryOut(request, reply, work);
      const { answer, replayed } = await doOnce(request, conditions, work, secret);
      if (replayed) reply.header("idempotency-replayed", "true");
      for (const [name, value] of Object.entries(answer.headers)) reply.header(name, value);
      return reply.code(answer.status).send(answer.body === "" ? undefined : answer.body);
    };

    /** Does it, tells what it did, and takes it back. */
    async function tryOut(
      request: FastifyRequest,
      reply: FastifyReply,
      work: () => Promise<KeptAnswer>,
    ): Promise<unknown> {
      const plan = await together(db, { isolated: true, undone: true }, async () => {
        const before = await representations.read(request, url);
        requireMatch(request, before);
        const since = await newestEvent(db);
        const answer = await work();
        const after: unknown = answer.body === "" || answer.body === null ? null : JSON.parse(answer.body);
        return readPlan(db, { since, before, after, status: answer.status });
      });
      for (const name of ["location", "set-cookie"]) reply.removeHeader(name);
      return reply.code(200).type(planType).send(JSON.stringify(plan));
    }

    async function doOnce(
      request: FastifyRequest,
      { key, tags }: Conditions,
      work: () => Promise<KeptAnswer>,
      secret: boolean,
    ): Promise<{ answer: KeptAnswer; replayed: boolean }> {
      const keyed = key === null ? null : keyedRequest(request, key);
      try {
        return await together(db, { isolated: tags !== null }, async () => {
          const kept = keyed && (await takeKey(db, keyed, clock.now()));
          if (kept) return { answer: kept, replayed: true };
          if (tags !== null) requireMatch(request, await representations.read(request, url));
          const answer = await work();
          if (keyed && answer.status < 300)
            await keepAnswer(db, keyed, secret ? { ...answer, body: null } : answer, clock.now());
          return { answer, replayed: false };
        });
      } catch (error) {
        // Somebody changed it between our look and our change: PostgreSQL's serialization_failure.
        if (tags === null || (error as { code?: unknown }).code !== "40001") throw error;
        throw new PreconditionFailed("It was changed at this very moment.", null);
      }
    }
  });
}

function together<T>(db: Database, how: { isolated?: boolean; undone?: boolean }, work: () => Promise<T>): Promise<T> {
  if (!(db instanceof RegionDatabase)) throw new Error("the database cannot put a request into one transaction");
  return db.together(how, work);
}

/** What the headers and the query ask for; null where they ask for nothing special. */
function readConditions(
  request: FastifyRequest,
  { outside, readable }: { outside: boolean; readable: boolean },
): Conditions | null {
  const dryRun = request.asked?.dryRun === true;
  const match = request.headers["if-match"];
  const header = [request.headers["idempotency-key"]].flat()[0];
  if (!dryRun && match === undefined && header === undefined) return null;
  if (match !== undefined && (outside || !readable || request.method === "POST"))
    throw InputError.field(
      "If-Match",
      match.slice(0, 100),
      "is not taken here: the path names nothing that has an entity tag",
    );
  if (header !== undefined && (outside || request.method !== "POST"))
    throw InputError.field(
      "Idempotency-Key",
      header.slice(0, 50),
      outside
        ? "is not taken here: what is done is not all in the database"
        : `is taken with POST only; ${request.method} may be repeated as it is`,
    );
  const tags = match === undefined ? null : readTags(match);
  if (match !== undefined && tags === null)
    throw InputError.field(
      "If-Match",
      match.slice(0, 100),
      'must be entity tags in quotation marks, such as "abc", or *',
    );
  return { dryRun, tags, key: header === undefined ? null : readKey(header) };
}

/** @throws PreconditionFailed naming what changed */
function requireMatch(request: FastifyRequest, present: Representation | null): void {
  const header = request.headers["if-match"];
  if (header === undefined) return;
  const tags = readTags(header) ?? [];
  if (present !== null && tags.some((tag) => tag === "*" || tag === present.tag)) return;
  if (present === null) throw new PreconditionFailed("There is no such thing any more.", null);
  const changed = changedSince(tags.at(-1) ?? "", present.thing);
  const failures = changed.map((field): FieldFailure => ({
    field,
    value: short(present.thing[field]),
    allowed: "changed since, to this value",
  }));
  throw new PreconditionFailed(
    `It was changed since: ${changed.join(", ") || "its order of fields"}.`,
    present.tag,
    failures,
  );
}

/** A value short enough to be told in a problem. */
function short(value: unknown): unknown {
  return (JSON.stringify(value) ?? "").length > 500 ? undefined : value;
}

function keyedRequest(request: FastifyRequest, key: string): KeyedRequest {
  const { caller, method, url, body } = request;
  if (caller === null) throw new Error("a route that takes an Idempotency-Key has a caller");
  if (Buffer.isBuffer(body) || (typeof body === "object" && body !== null && "pipe" in body))
    throw InputError.field("Idempotency-Key", key.slice(0, 50), "is not taken with a body that is not JSON");
  return { userId: caller.id, key, method, url, body };
}

/** Runs a handler and keeps its answer from being sent, so that it can still be taken back. */
async function answerOf(
  app: App,
  handle: RouteHandlerMethod,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<KeptAnswer> {
  let payload: unknown;
  let sent = false;
  Object.defineProperty(reply, "send", {
    configurable: true,
    value: (given: unknown) => {
      [payload, sent] = [given, true];
      return reply;
    },
  });
  // A reply is awaited until it is sent, which this one is only later.
  // oxlint-disable-next-line unicorn/no-thenable -- it is one already
  Object.defineProperty(reply, "then", { configurable: true, value: undefined });
  try {
    const returned: unknown = await Reflect.apply(handle, app, [request, reply]);
    if (!sent) payload = returned;
  } finally {
    Reflect.deleteProperty(reply, "send");
    Reflect.deleteProperty(reply, "then");
  }
  if (payload instanceof Error) throw payload;
  const headers: Record<string, string> = {};
  for (const name of ["location", "content-type"]) {
    const value = reply.getHeader(name);
    if (typeof value === "string") headers[name] = value;
  }
  const none = payload === undefined || payload === null;
  if (!none) headers["content-type"] ??= "application/json; charset=utf-8";
  const body = none ? "" : textOf(typeof payload === "string" ? payload : reply.serialize(payload));
  return { status: reply.statusCode, headers, body };
}

function textOf(serialized: string | ArrayBuffer | Buffer): string {
  if (typeof serialized === "string") return serialized;
  throw new Error("an answer that is no text cannot be kept");
}

/** Whether an answer has a field that is a secret, which is shown once and never kept. */
function holdsSecret(answer: z.ZodObject | null): boolean {
  return Object.keys(answer?.shape ?? {}).some((name) => isSecret(name) || /csrf|^key$/.test(name));
}
