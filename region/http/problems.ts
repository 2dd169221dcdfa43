import { randomUUID } from "node:crypto";
import type { FastifyError, FastifyInstance } from "fastify";
import { badRequest, databaseDiskFull, databaseDown, internalError, noSuchRoute } from "@rackwright/contract";
import type { Problem } from "@rackwright/contract";
import { ZodError } from "zod";
import { type FieldFailure, InputError, NotFound, OutsideDown, RegionError } from "../errors.ts";
import type { Log } from "../log.ts";

/** SQLSTATE classes and codes, and socket errors, that mean: the database is away or overloaded, not our request wrong. */
const databaseAway = /^(08|53|57)|^(ECONNREFUSED|ECONNRESET|ENOENT|EPIPE|ETIMEDOUT)$/;

/**
 * SQLSTATE serialization_failure, deadlock_detected and unique_violation (a name was free when we looked): nothing was
 * changed, and another try will do or be told what is taken.
 */
const collided = /^(40001|40P01|23505)$/;

/** PostgreSQL's SQLSTATE disk_full. */
const diskFull = "53100";

/** What a zod error says, as one entry per field with its value and what is allowed. */
export function fieldFailures(error: ZodError, input: unknown): FieldFailure[] {
  return error.issues.flatMap((issue): FieldFailure[] => {
    const path = issue.path.map(String);
    if (issue.code === "unrecognized_keys")
      return issue.keys.map((key) => ({ field: [...path, key].join("."), allowed: "is not known here" }));
    const value = path.reduce<unknown>(
      (part, name) => (typeof part === "object" && part !== null ? (part as Record<string, unknown>)[name] : undefined),
      input,
    );
    const secret = path.some((name) => /password|secret|key|pass$/i.test(name));
    return [{ field: path.join(".") || "body", ...(secret ? {} : { value: shorten(value) }), allowed: issue.message }];
  });
}

function shorten(value: unknown): unknown {
  if (typeof value === "string") return value.slice(0, 200);
  return typeof value === "object" ? undefined : value;
}

function toRegionError(
  error: FastifyError | Error,
  request: { body: unknown; query: unknown; params: unknown },
): RegionError | null {
  if (error instanceof RegionError) return error;
  if (error instanceof ZodError) {
    const context = (error as ZodError & { validationContext?: "body" | "querystring" | "params" }).validationContext;
    const input = context === "querystring" ? request.query : context === "params" ? request.params : request.body;
    const failures = fieldFailures(error, input);
    return new InputError(failures.map(({ field, allowed }) => `${field}: ${allowed}`).join("; "), { failures });
  }
  return databaseError(error);
}

/** What the database's trouble means to whoever asked; null for any other error. */
export function databaseError(error: Error): OutsideDown | null {
  const code = (error as { code?: unknown }).code;
  if (code === diskFull) return databaseFull(error);
  if (typeof code === "string" && collided.test(code)) return databaseCollision(error);
  if (typeof code === "string" && databaseAway.test(code)) return databaseAwayError(error);
  if (
    /timeout exceeded when trying to connect|Connection terminated|Client has encountered a connection error/.test(
      error.message,
    )
  )
    return databaseAwayError(error);
  return null;
}

function databaseCollision(cause: Error): OutsideDown {
  return new OutsideDown("Two changes at once were in each other's way, and the database took this one back.", {
    ...databaseDown,
    next: "Ask again.",
    cause,
  });
}

function databaseAwayError(cause: Error): OutsideDown {
  return new OutsideDown("The database does not answer at the moment.", { ...databaseDown, cause });
}

function databaseFull(cause: Error): OutsideDown {
  return new OutsideDown("The database cannot store anything: the disk it is on is full.", {
    ...databaseDiskFull,
    cause,
  });
}

/** Every error of every route becomes an RFC 9457 problem document; what is our own defect is logged, not told. */
export function answerProblems(app: FastifyInstance, log: Log): void {
  app.setErrorHandler<FastifyError>((error, request, reply) => {
    const known = toRegionError(error, request);
    if (known) {
      if (known.status === 503) log.warn({ error: told(known.cause ?? known), path: path(request.url) }, known.message);
      return send(reply, known.toProblem());
    }
    const status = error.statusCode ?? 500;
    if (status >= 400 && status < 500)
      return send(reply, {
        type: "about:blank",
        title: "Bad Request",
        status,
        detail: error.message,
        code: badRequest.code,
        next: badRequest.next,
      });
    const incident = randomUUID();
    log.error(
      {
        incident,
        method: request.method,
        path: path(request.url),
        error: error.stack ?? String(error),
        cause: told(error.cause),
      },
      "a request failed by a defect",
    );
    return send(reply, {
      type: "about:blank",
      title: "Internal Server Error",
      status: 500,
      detail: "The region failed to handle this request.",
      code: internalError.code,
      next: `Look for ${incident} in the region's log, and report it.`,
    });
  });
  app.setNotFoundHandler((request, reply) =>
    send(
      reply,
      new NotFound(`There is nothing at ${request.method} ${path(request.url).slice(0, 200)}.`, {
        ...noSuchRoute,
      }).toProblem(),
    ),
  );
}

function told(cause: unknown): string {
  return cause instanceof Error ? cause.message : (JSON.stringify(cause) ?? "");
}

/** Without the query, which may hold what should not be in logs. */
function path(url: string): string {
  return url.split("?")[0] ?? url;
}

type Reply = {
  code(status: number): Reply;
  header(name: string, value: string): Reply;
  serializer(to: (body: unknown) => string): Reply;
  send(body: unknown): unknown;
};

function send(reply: unknown, problem: Problem): unknown {
  return (reply as Reply)
    .code(problem.status)
    .header("content-type", "application/problem+json")
    .serializer((body) => JSON.stringify(body))
    .send(problem);
}
