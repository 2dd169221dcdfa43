import type { FastifyReply, FastifyRequest } from "fastify";
import { Denied, InputError, NotFound } from "../errors.ts";
import type { ApiDeps } from "../http/api.ts";
import { type Caller, refuseReadOnly, requireAdministrator, requireWholeKey } from "../users/access.ts";
import type { RateLimiter } from "../users/limiter.ts";
import { type Identity, authenticate, byOAuth, checkCsrf, oauthParameters } from "./authenticate.ts";
import { type Form, defaultLimit, parseForm, parsePairs, readBody, textsOfFiles } from "./body.ts";
import { isText, readParameters } from "./input.ts";
import type { Answer, Call, Operation, Resource } from "./operation.ts";
import { type Found, type Router, operationOf } from "./paths.ts";

/** Verbs with a body, besides the reading ones. */
const withBody = new Set(["POST", "PUT", "PATCH", "DELETE"]);

/**
 * Finds the operation a request is about and runs it: by path, method and `op` (in the query, in the form, or as the last
 * part of the path), for whoever may, with its parameters read.
 *
 * @throws RegionError
 */
export async function dispatch(
  deps: ApiDeps,
  { router, base, strangers }: { router: Router; base: string; strangers: RateLimiter },
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<Answer> {
  const url = request.raw.url ?? "";
  const [rawPath = "", ...rest] = url.split("?");
  const path = rawPath.replaceAll(/\/{2,}/g, "/").slice(base.length);
  const method = request.method === "HEAD" ? "GET" : request.method;
  const found = router(path, method);
  if (found === null) throw new NotFound(`Unknown API endpoint: ${rawPath.slice(0, 200)}.`);
  const query = parsePairs(rest.join("?"));
  const identity = await whoAsks(deps, request, query, found);
  const wait = identity.caller === null ? strangers.take(request.ip, deps.clock.now()) : 0;
  if (wait > 0)
    throw new Denied(`Too many requests from this address without a user. Try again in ${wait} seconds.`, 429);
  const body = withBody.has(method) ? await bodyOf(request, found, method, identity.caller) : Buffer.alloc(0);
  const form = parseForm(body, request.headers["content-type"]);
  const operation = chosen(found, method, query, form);
  const caller = await admitted(deps, { identity, operation, request, form });
  if (caller !== null && method !== "GET" && /^(users|account)(\/|$)/.test(found.resource.path))
    requireWholeKey(caller);
  const inFiles = textsOfFiles(form, (name) => isText(name, operation));
  const parameters = readParameters([...query, ...form.pairs, ...inFiles], operation);
  const call: Call = {
    db: deps.db,
    clock: deps.clock,
    deps,
    caller,
    origin: originOf(request),
    path: found.path,
    uploads: form.uploads,
    address: request.ip,
    signal: goneSignal(reply),
    request: { header: (name) => [request.headers[name.toLowerCase()]].flat()[0], body },
  };
  return operation.run(call, parameters as never);
}

/** Where everybody is answered alike, bad credentials do not matter. */
async function whoAsks(deps: ApiDeps, request: FastifyRequest, query: Form["pairs"], found: Found): Promise<Identity> {
  const open = Object.values(found.resource.operations).every(({ access }) => access === "none");
  return open ? { caller: null, csrf: null } : authenticate(deps, request, query);
}

/** The body, as large as any operation of the path and method takes; of a stranger only what a form may have. */
async function bodyOf(request: FastifyRequest, { resource }: Found, method: string, caller: Caller | null) {
  const limits = Object.entries(resource.operations)
    .filter(([key]) => key === method || key.startsWith(`${method} `))
    .map(([, { limit = defaultLimit }]) => limit);
  const limit = caller === null ? defaultLimit : Math.max(defaultLimit, ...limits);
  return readBody(request.raw, request.headers["content-length"], limit);
}

function chosen({ resource, op: suffix }: Found, method: string, query: Form["pairs"], form: Form): Operation {
  const named = (pairs: Form["pairs"]) => pairs.findLast(([name]) => name === "op")?.[1];
  const op = (named(query) ?? named(form.pairs) ?? suffix) || null;
  const operation = operationOf(resource, method, op);
  if (!operation)
    throw new InputError(`Unrecognised signature: method=${method} op=${op === null ? "None" : op.slice(0, 100)}`);
  return operation;
}

async function admitted(
  deps: ApiDeps,
  {
    identity,
    operation,
    request,
    form,
  }: { identity: Identity; operation: Operation; request: FastifyRequest; form: Form },
): Promise<Caller | null> {
  const inForm = identity.caller === null ? oauthParameters(form.pairs) : null;
  const caller = inForm === null ? identity.caller : await byOAuth(deps, inForm);
  checkCsrf(identity, request, form.pairs);
  if (caller !== null) refuseReadOnly(caller, request.method);
  if (operation.access === "none") return caller;
  if (caller === null)
    throw new Denied("Authorization Error: This needs an API key (OAuth, PLAINTEXT) or a session.", 401);
  return operation.access === "admin" ? requireAdministrator(caller) : caller;
}

/** Scheme and host as whoever asks wrote them; a host that is none is not repeated. */
export function originOf({ protocol, host }: Pick<FastifyRequest, "protocol" | "host">): string {
  const sound = /^(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,253})(:\d{1,5})?$/.test(host);
  return `${protocol}://${sound ? host : "localhost"}`;
}

function goneSignal(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once("close", () => {
    if (!reply.raw.writableFinished) gone.abort();
  });
  return gone.signal;
}

/** Every operation of the resources with its method and op. */
export const everyOperation = (resources: readonly Resource[]) =>
  resources.flatMap((resource) =>
    Object.entries(resource.operations).map(([key, operation]) => {
      const [method = "", op = null] = key.split(" ");
      return { resource, method, op, operation };
    }),
  );
