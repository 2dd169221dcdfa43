import { username } from "@rackwright/contract";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { Denied, InputError } from "../errors.ts";
import type { ApiDeps } from "../http/api.ts";
import { cookieOf, identify, sessionCookie } from "../http/auth.ts";
import { authenticate } from "../users/authenticate.ts";
import { readCaller } from "../users/caller.ts";
import { RateLimiter } from "../users/limiter.ts";
import { cookieAttributes, logIns } from "../users/session-routes.ts";
import { closeSession, openSession } from "../users/sessions.ts";
import { keyForLogin } from "../users/token-names.ts";
import { rootName } from "../users/users.ts";
import { checkCsrf } from "./authenticate.ts";
import { parseForm, readBody } from "./body.ts";
import { jsonType } from "./failures.ts";
import { Gone } from "./gone.ts";
import { readParameters } from "./input.ts";
import { text } from "./parameters.ts";
import { sendNothing } from "./reply.ts";

type Handle = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;

/** Bytes a log-in form may have. */
const formLimit = 64 * 1024;
const every = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const;

/** What a page may read and send back with its changes. */
const csrfCookie = "csrftoken";
const readable = (request: FastifyRequest) => cookieAttributes(request).replace("; HttpOnly", "");

const credentials = {
  username: text("Name of the user.", 1000)
    .transform((name) => name.trim())
    .pipe(username),
  password: text("Password of the user.", 1024),
};
const login = z.object(credentials);
const forKey = login.extend({ consumer: text("What the key is for, such as user@host.", 100).optional() });

/** What MAAS serves beside its API: its version, the API that is no more, logging in for a key or a session. */
export function registerOutside(scope: FastifyInstance, deps: ApiDeps, guarded: (handle: Handle) => Handle): void {
  const { db, clock } = deps;
  const route = (url: string, handle: Handle) =>
    scope.route({ method: [...every], url, schema: { hide: true }, handler: guarded(handle) });

  route("/MAAS/api/version", async (_request, reply) => reply.type("text/plain").send("2.0"));
  for (const url of ["/MAAS/api/1.0", "/MAAS/api/1.0/*"])
    route(url, async () => {
      throw new Gone("The 1.0 API is no longer available. Please use API version 2.0.");
    });

  const limiter = new RateLimiter(logIns);
  const from = (request: FastifyRequest) => {
    const now = clock.now();
    const wait = limiter.take(request.ip, now);
    if (wait > 0)
      throw new Denied(`There are too many attempts to log in from this address. Try again in ${wait} seconds.`, 429);
    return { address: request.ip, userAgent: request.headers["user-agent"], now };
  };

  route("/MAAS/accounts/authenticate", async (request, reply) => {
    if (request.method !== "POST") return wrongMethod(reply, "POST");
    const { consumer, ...fields } = await formOf(request, forKey);
    const { userId } = await authenticate(db, fields, from(request)).catch(refusedAs(403));
    const caller = await readCaller(db, userId);
    if (caller === null) throw new Denied("There is no such user any more.");
    const { key, name } = await keyForLogin(db, caller, consumer, clock.now());
    const [consumer_key, token_key, token_secret] = key.split(":");
    return reply.type(jsonType).send(JSON.stringify({ consumer_key, name, token_key, token_secret }));
  });

  route("/MAAS/accounts/login", async (request, reply) => {
    if (request.method === "GET" || request.method === "HEAD") {
      const { caller } = await identify(deps, request);
      const somebody = await db.selectFrom("users").select("id").where("username", "<>", rootName).executeTakeFirst();
      const body = { authenticated: caller !== null, external_auth_url: null, no_users: somebody === undefined };
      return reply.type(jsonType).send(JSON.stringify(body));
    }
    if (request.method !== "POST") return wrongMethod(reply, "GET, POST");
    const fields = await formOf(request, login);
    const { id, session } = await openSession(db, fields, from(request)).catch(refusedAs(400));
    const seconds = Math.floor((session.expiresAt.getTime() - clock.now().getTime()) / 1000);
    void reply.header("set-cookie", [
      `${sessionCookie}=${id}; Max-Age=${seconds}; ${cookieAttributes(request)}`,
      `${csrfCookie}=${session.csrfToken}; Max-Age=${seconds}; ${readable(request)}`,
    ]);
    return sendNothing(reply);
  });

  route("/MAAS/accounts/logout", async (request, reply) => {
    if (request.method !== "POST") return wrongMethod(reply, "POST");
    const identity = await identify(deps, request);
    if (identity.caller === null) throw new Denied("There is no session to end.", 401);
    const body = await readBody(request.raw, request.headers["content-length"], formLimit);
    checkCsrf(identity, request, parseForm(body, request.headers["content-type"]).pairs);
    const cookie = cookieOf(request, sessionCookie);
    if (cookie !== undefined) await closeSession(db, cookie, clock.now());
    void reply.header("set-cookie", [
      `${sessionCookie}=; Max-Age=0; ${cookieAttributes(request)}`,
      `${csrfCookie}=; Max-Age=0; ${readable(request)}`,
    ]);
    return sendNothing(reply);
  });
}

async function formOf<S extends z.ZodObject>(request: FastifyRequest, parameters: S): Promise<z.output<S>> {
  const body = await readBody(request.raw, request.headers["content-length"], formLimit);
  const { pairs } = parseForm(body, request.headers["content-type"]);
  return readParameters(pairs, { parameters, errors: "form", strict: false });
}

function wrongMethod(reply: FastifyReply, allowed: string): unknown {
  return reply.code(405).header("allow", allowed).type("text/plain").send(`Only ${allowed} is possible here.`);
}

/** MAAS tells a wrong password as 403 where a program asks, as a form's failure where a person does. */
function refusedAs(status: 400 | 403): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof Denied) || error.status !== 401) throw error;
    if (status === 403) throw new Denied(error.message, 403, { cause: error });
    throw new InputError(error.message, { failures: [{ field: "__all__", allowed: error.message }], cause: error });
  };
}
