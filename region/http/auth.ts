import { badToken, csrfToken } from "@rackwright/contract";
import { timingSafeEqual } from "node:crypto";
import type { Socket } from "node:net";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Clock } from "../clock.ts";
import type { Database } from "../database/pool.ts";
import { Denied } from "../errors.ts";
import {
  type Caller,
  refuseReadOnly,
  requireAdministrator as requireAdministratorRights,
  requireWholeKey,
} from "../users/access.ts";
import { RateLimiter } from "../users/limiter.ts";
import { readSession } from "../users/sessions.ts";
import { verifyToken } from "../users/tokens.ts";
import { localActor, readUser, rootName } from "../users/users.ts";

export const sessionCookie = "rackwright_session";
export const csrfHeader = "x-csrf-token";

declare module "fastify" {
  interface FastifyRequest {
    /** Who asks, or null for a stranger. */
    caller: Caller | null;
  }
  interface FastifyContextConfig {
    /** The route answers strangers too. */
    public?: boolean;
  }
}

export type AuthDeps = {
  db: Database;
  clock: Clock;
  /** Whether a connection came in through the administrator's own socket, whose file only root may open. */
  isLocalOperator: (socket: Socket) => boolean;
};

/** Routes by which somebody changes who he is and what lets him in. */
const ofUsers = /^\/api\/v1\/(users|tokens|ssh-keys|sessions)(\/|$)/;
/** Requests without a user from one address. */
export const anonymous = { burst: 300, perSecond: 50 };

/**
 * Finds out who asks, on every request below `/api/` and `/events`: the local operator by the socket, a program by
 * `Authorization: Bearer consumer:token:secret`, a browser by its session cookie (with the CSRF token in a header
 * where it changes something). Routes that are not marked public answer nobody else.
 */
export function registerAuth(app: FastifyInstance, deps: AuthDeps): void {
  const limiter = new RateLimiter(anonymous);
  app.decorateRequest("caller", null);
  app.addHook("onRequest", async (request) => {
    if (!isGuarded(request)) return;
    const { caller, csrf } = await identify(deps, request);
    if (csrf !== null && !request.routeOptions.config.public)
      requireCsrf(csrf, String(request.headers[csrfHeader] ?? ""));
    request.caller = caller;
    const changes = !["GET", "HEAD", "OPTIONS"].includes(request.method);
    if (caller !== null && changes && ofUsers.test(request.routeOptions.url ?? "")) requireWholeKey(caller);
    const wait = caller === null ? limiter.take(request.ip, deps.clock.now()) : 0;
    if (wait > 0)
      throw new Denied("There are too many requests from this address without a user.", 429, {
        next: `Try again in ${wait} seconds, or log in first.`,
      });
    // A path that does not exist is told as such to everybody.
    if (request.is404 || request.routeOptions.config.public === true) return;
    callerOf(request);
  });
}

/**
 * Whether a request is one for the API or its events. The router takes `//api`, `/%61pi` and whole addresses for the same
 * path, so what it found counts and not how it was written; what it did not find is told to strangers by its text.
 */
export function isGuarded({ url, routeOptions }: Pick<FastifyRequest, "url" | "routeOptions">): boolean {
  const guarded = /^\/(api|events)(\/|\?|$)/;
  return guarded.test(routeOptions.url ?? "") || guarded.test(url);
}

/**
 * Who asks, by the administrator's socket, a bearer key or the session's cookie. `csrf` is the token that changes by that
 * session must carry; null where none is needed.
 *
 * @throws Denied for an API key that is not valid
 */
export async function identify(
  { db, clock, isLocalOperator }: AuthDeps,
  request: FastifyRequest,
): Promise<{ caller: Caller | null; csrf: string | null }> {
  if (isLocalOperator(request.raw.socket)) {
    const { id } = await readUser(db, rootName);
    return { caller: { id, username: localActor, administrator: true }, csrf: null };
  }
  const bearer = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? "")?.[1];
  if (bearer !== undefined) {
    const caller = await verifyToken(db, bearer, clock.now());
    if (!caller) throw new Denied("The API key is not valid.", 401, badToken);
    refuseReadOnly(caller, request.method);
    return { caller, csrf: null };
  }
  const cookie = cookieOf(request, sessionCookie);
  const session = cookie === undefined ? null : await readSession(db, cookie, clock.now());
  if (session === null) return { caller: null, csrf: null };
  const changes = !["GET", "HEAD", "OPTIONS"].includes(request.method);
  const { csrfToken: csrf, expiresAt: _, ...caller } = session;
  return { caller, csrf: changes ? csrf : null };
}

/** Refuses a change by a session that does not carry its token. @throws Denied */
export function requireCsrf(token: string, given: string | undefined): void {
  if (!sameText(given ?? "", token))
    throw new Denied(`The header ${csrfHeader} must carry the session's CSRF token.`, 403, csrfToken);
}

/** The value of a cookie (RFC 6265 4.2). */
export function cookieOf(request: Pick<FastifyRequest, "headers">, name: string): string | undefined {
  for (const pair of (request.headers.cookie ?? "").split(";")) {
    const [key, ...value] = pair.trim().split("=");
    if (key === name) return value.join("=");
  }
  return undefined;
}

function sameText(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Who asks. @throws Denied for a stranger */
export function callerOf(request: Pick<FastifyRequest, "caller">): Caller {
  if (request.caller) return request.caller;
  throw new Denied("This needs a user.", 401, {
    next: `Log in at POST /api/v1/sessions, or send 'Authorization: Bearer <API key>'.`,
  });
}

/** Hook for routes that need a user. */
export async function requireUser(request: FastifyRequest): Promise<void> {
  callerOf(request);
}

/** Hook for routes that need an administrator. */
export async function requireAdministrator(request: FastifyRequest): Promise<void> {
  administratorOf(request);
}

/** Who asks. @throws Denied unless an administrator */
export function administratorOf(request: Pick<FastifyRequest, "caller">): Caller {
  return requireAdministratorRights(callerOf(request));
}
