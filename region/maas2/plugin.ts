import type { FastifyReply, FastifyRequest } from "fastify";
import type { ApiDeps } from "../http/api.ts";
import type { App } from "../http/app.ts";
import { anonymous } from "../http/auth.ts";
import { RateLimiter } from "../users/limiter.ts";
import { describing } from "./describing.ts";
import { dispatch } from "./dispatch.ts";
import { tell } from "./failures.ts";
import { registerOutside } from "./outside.ts";
import type { Resource } from "./operation.ts";
import { routerOf } from "./paths.ts";
import { sendAnswer } from "./reply.ts";

const base = "/MAAS/api/2.0/";
const methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const;

/** Loaded when somebody asks first: its schemas take memory that a site without such clients has better use for. */
const everything = async (): Promise<readonly Resource[]> => (await import("./resources.ts")).resources;

type Face = ReturnType<typeof makeFace>;
function makeFace(served: readonly Resource[], version: string) {
  const description = describing(served, version);
  return { description, router: routerOf([...served, ...description.resources]) };
}

/**
 * The face of the region that speaks the MAAS API 2.0. It is a small server in the server: its paths, bodies and errors
 * follow MAAS's rules, and none of those of `/api/v1`.
 */
export function registerMaas2(app: App, deps: ApiDeps, load: () => Promise<readonly Resource[]> = everything): void {
  let face: Promise<Face> | undefined;
  const faceOf = (): Promise<Face> => (face ??= load().then((served) => makeFace(served, deps.version)));
  const strangers = new RateLimiter(anonymous);
  void app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    // Bodies are read when it is known what may be in them.
    scope.addContentTypeParser("*", (_request, _payload, done) => done(null, undefined));
    const guarded =
      (handle: (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>) =>
      async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
        void reply
          .header("x-maas-api-hash", (await faceOf()).description.hash)
          .header("x-content-type-options", "nosniff");
        try {
          return await handle(request, reply);
        } catch (error) {
          const what = (request.raw.url ?? "").split("?")[0] ?? "";
          const { status, type, body, headers = {} } = tell(error, { log: deps.log, what });
          return reply.code(status).headers(headers).type(type).send(body);
        }
      };
    const handler = guarded(async (request, reply) =>
      sendAnswer(reply, await dispatch(deps, { router: (await faceOf()).router, base, strangers }, request, reply)),
    );
    for (const url of [base, `${base}*`]) scope.route({ method: [...methods], url, schema: { hide: true }, handler });
    registerOutside(scope, deps, guarded);
  });
}
