import { randomUUID } from "node:crypto";
import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { FastifyError, FastifyInstance } from "fastify";
import { badRequest, databaseDiskFull, databaseDown, internalError, noSuchRoute } from "@rackwright/contract";
import type { Problem } from "@rackwright/contract";
import { ZodError } from "zod";
import {
  type FieldFailure,
  InputError,
  MethodNotAllowed,
  NotFound,
  OutsideDown,
  PreconditionFailed,
  RegionError,
} from "../errors.ts";
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
      if (known instanceof PreconditionFailed && known.tag !== null) reply.header("etag", known.tag);
      if (known.status === 503) log.warn({ error: told(known.cause ?? known), path: path(request.url) }, known.message);
      return send(reply, known.toProblem());
    }
    const status = error.statusCode ?? 500;
    if (status >= 400 && status < 500)
      return send(reply, {
        type: "about:blank",
        title: STATUS_CODES[status] ?? "Bad Request",
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
  app.setNotFoundHandler((request, reply) => {
    const where = path(request.url);
    const allowed = methodsAt(app.described, where);
    if (allowed.length > 0) {
      reply.header("allow", allowed.join(", "));
      const message = `${request.method} is nothing that ${where.slice(0, 200)} knows; it has ${allowed.join(", ")}.`;
      return send(reply, new MethodNotAllowed(message).toProblem());
    }
    return send(
      reply,
      new NotFound(`There is nothing at ${request.method} ${where.slice(0, 200)}.`, { ...noSuchRoute }).toProblem(),
    );
  });
}

/** Methods of the routes at a path; none where there is no such path, or one that takes anything below it. */
function methodsAt(routes: FastifyInstance["described"], where: string): string[] {
  const parts = where
    .replaceAll(/\/+/g, "/")
    .replace(/(.)\/$/, "$1")
    .split("/");
  const fits = (url: string): boolean => {
    const pattern = url.split("/");
    return (
      pattern.length === parts.length &&
      pattern.every((part, index) => (part.startsWith(":") ? parts[index] !== "" : part === parts[index]))
    );
  };
  const found = routes.filter(({ url }) => !url.includes("*") && fits(url)).flatMap(({ method }) => [method].flat());
  return [...new Set(found)].sort();
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

/** The answer to what is not even HTTP, written by hand since there is no request yet. */
export function answerBrokenHttp(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === "ECONNRESET" || socket.destroyed || !socket.writable) return;
  const status = { ERR_HTTP_REQUEST_TIMEOUT: 408, HPE_HEADER_OVERFLOW: 431 }[error.code ?? ""] ?? 400;
  const title = STATUS_CODES[status] ?? "Bad Request";
  const body = JSON.stringify({
    type: "about:blank",
    title,
    status,
    detail: status === 408 ? "The request did not come in time." : "This is no HTTP request that can be read.",
    code: badRequest.code,
    next: badRequest.next,
  } satisfies Problem);
  socket.end(
    `HTTP/1.1 ${status} ${title}\r\ncontent-type: application/problem+json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}

/** The answer to a path that cannot be decoded or whose parts are too long. */
export function answerBrokenPath(error: FastifyError, _request: unknown, reply: unknown): void {
  const tooLong = error.code === "FST_ERR_MAX_PARAM_LENGTH";
  const status = tooLong ? 414 : 400;
  send(reply, {
    type: "about:blank",
    title: STATUS_CODES[status] ?? "Bad Request",
    status,
    detail: tooLong
      ? "A part of the path is too long."
      : "The path holds a % that is not followed by two hexadecimal digits of UTF-8.",
    code: badRequest.code,
    next: badRequest.next,
  });
}
