import { badToken, csrfToken } from "@rackwright/contract";
import { timingSafeEqual } from "node:crypto";
import type { Socket } from "node:net";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Clock } from "../clock.ts";
import type { Database } from "../database/pool.ts";
import { Denied } from "../errors.ts";
import type { Caller } from "../machines/fire.ts";
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

/**
 * Finds out who asks, on every request below `/api/` and `/events`: the local operator by the socket, a program by
 * `Authorization: Bearer consumer:token:secret`, a browser by its session cookie (with the CSRF token in a header
 * where it changes something). Routes that are not marked public answer nobody else.
 */
export function registerAuth(app: FastifyInstance, { db, clock, isLocalOperator }: AuthDeps): void {
  app.decorateRequest("caller", null);
  app.addHook("onRequest", async (request) => {
    if (!/^\/(api|events)(\/|\?|$)/.test(request.url)) return;
    request.caller = await identify(request);
    // A path that does not exist is told as such to everybody.
    if (request.is404 || request.routeOptions.config.public === true) return;
    callerOf(request);
  });

  const identify = async (request: FastifyRequest): Promise<Caller | null> => {
    if (isLocalOperator(request.raw.socket)) {
      const { id } = await readUser(db, rootName);
      return { id, username: localActor, administrator: true };
    }
    const bearer = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? "")?.[1];
    if (bearer !== undefined) {
      const caller = await verifyToken(db, bearer, clock.now());
      if (!caller) throw new Denied("The API key is not valid.", 401, badToken);
      return caller;
    }
    const cookie = cookieOf(request, sessionCookie);
    const session = cookie === undefined ? null : await readSession(db, cookie, clock.now());
    if (session === null) return null;
    const changes = !["GET", "HEAD", "OPTIONS"].includes(request.method);
    if (
      changes &&
      !sameText(String(request.headers[csrfHeader] ?? ""), session.csrfToken) &&
      !request.routeOptions.config.public
    )
      throw new Denied(`The header ${csrfHeader} must carry the session's CSRF token.`, 403, csrfToken);
    return { id: session.id, username: session.username, administrator: session.administrator };
  };
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
  const caller = callerOf(request);
  if (!caller.administrator)
    throw new Denied("Only an administrator may do this.", 403, { next: "Ask an administrator." });
  return caller;
}
