import { loginWays, providerName } from "@rackwright/contract";
import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { Denied, RegionError } from "../errors.ts";
import type { App } from "../http/app.ts";
import { cookieOf } from "../http/auth.ts";
import { onwardPage, pageHeaders, refusalPage } from "./login-page.ts";
import { RateLimiter } from "./limiter.ts";
import { beginOidc, endOidc, loginSeconds } from "./oidc.ts";
import { loginWaysOf } from "./providers.ts";
import type { UserDeps } from "./self.ts";
import { setSessionCookie } from "./session-routes.ts";
import { beginSession } from "./sessions.ts";

const params = z.object({ name: providerName });
const stateCookie = "rackwright_login";
/** Log-ins begun or ended from one address: each asks the provider. */
const rate = { burst: 30, perSecond: 1 };

/** A path of this site: nowhere else is anybody sent after logging in. */
const localPath = z
  .string()
  .max(500)
  .regex(/^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/, "must be a path of this site such as /machines")
  .default("/");

/** Routes by which people log in at an OpenID Connect provider. */
export function registerLogin(routes: App, { db, clock }: UserDeps): void {
  const tags = ["login"];
  const limiter = new RateLimiter(rate);
  const limit = (request: FastifyRequest): void => {
    const wait = limiter.take(request.ip, clock.now());
    if (wait > 0)
      throw new Denied("There are too many attempts to log in from this address.", 429, {
        next: `Try again in ${wait} seconds.`,
      });
  };
  /** A program gets its problem as a document, a person in a browser as a page. */
  const errorHandler = (error: FastifyError, request: FastifyRequest, reply: FastifyReply): void => {
    if (!(error instanceof RegionError) || request.headers.accept?.includes("text/html") !== true) throw error;
    const problem = error.toProblem();
    void reply
      .code(problem.status)
      .headers(pageHeaders)
      .serializer((page: unknown) => String(page))
      .send(refusalPage(problem));
  };
  const secure = (request: FastifyRequest): string => (request.protocol === "https" ? "; Secure" : "");

  routes.get(
    "/api/v1/login",
    { config: { public: true }, schema: { tags, summary: "Ways to log in", response: { 200: loginWays } } },
    async () => loginWaysOf(db),
  );

  routes.get(
    "/api/v1/login/oidc/:name",
    {
      config: { public: true },
      errorHandler,
      schema: {
        tags,
        summary: "Log in at an OpenID Connect provider: sends the browser there",
        params,
        querystring: z.object({ return_to: localPath }),
        response: { 302: z.undefined() },
      },
    },
    async (request, reply) => {
      limit(request);
      const given = `${request.protocol}://${request.host}`;
      // What a stranger writes for the host may be none.
      const origin = URL.canParse(given) ? new URL(given).origin : `${request.protocol}://localhost`;
      const { return_to: returnTo } = request.query;
      const { url, state } = await beginOidc(db, request.params.name, { origin, returnTo, now: clock.now() });
      // Lax: the browser comes back from another site, and must still have it.
      const attributes = `Path=/api/v1/login/oidc; HttpOnly; SameSite=Lax; Max-Age=${loginSeconds}${secure(request)}`;
      return reply
        .code(302)
        .header("set-cookie", `${stateCookie}=${state}; ${attributes}`)
        .header("location", url)
        .send();
    },
  );

  routes.get(
    "/api/v1/login/oidc/:name/callback",
    {
      config: { public: true },
      errorHandler,
      schema: {
        tags,
        summary: "Where an OpenID Connect provider sends the browser back to",
        params,
        // Whatever the provider says is looked at by the library that knows what it may say.
        querystring: z.looseObject({}),
        response: { 200: z.string() },
      },
    },
    async (request, reply) => {
      limit(request);
      const now = clock.now();
      const query = request.url.split("?")[1] ?? "";
      const cookie = cookieOf(request, stateCookie);
      const { userId, provider, returnTo } = await endOidc(db, request.params.name, { query, cookie, now });
      const from = { address: request.ip, userAgent: request.headers["user-agent"] };
      const { id, session } = await beginSession(db, userId, { ...from, provider, now });
      setSessionCookie(request, reply, id, Math.floor((session.expiresAt.getTime() - now.getTime()) / 1000));
      return reply
        .headers(pageHeaders)
        .serializer((page: unknown) => String(page))
        .send(onwardPage(returnTo));
    },
  );
}
