import fastify, { type FastifyBaseLogger, type FastifyInstance, type RawServerDefault } from "fastify";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { ZodError, z } from "zod";
import type { Log } from "../log.ts";
import type { Described } from "./openapi.ts";
import { answerBrokenHttp, answerBrokenPath, answerProblems } from "./problems.ts";
import { refuseUnstorable } from "./storable.ts";

/** The region's web server as routes see it: schemas are zod, what they parse is typed. */
export type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

declare module "fastify" {
  interface FastifyInstance {
    /** Every route registered so far, for the description of the API. */
    described: Described[];
  }
}

export type AppOptions = { log: Log };

/** Bytes a request body may have, unless a route says otherwise. */
const bodyLimit = 1024 * 1024;

/**
 * An empty web server with the rules every route lives by: bounded bodies and times, zod schemas in and out, errors as
 * problem documents.
 */
export function buildApp({ log }: AppOptions): App {
  const app: App = fastify({
    logger: false,
    bodyLimit,
    requestTimeout: 60_000,
    keepAliveTimeout: 65_000,
    connectionTimeout: 0,
    routerOptions: { ignoreTrailingSlash: true, ignoreDuplicateSlashes: true, maxParamLength: 200 },
    return503OnClosing: true,
    // Streams stay open for ever; closing must not wait for them.
    forceCloseConnections: true,
    clientErrorHandler: answerBrokenHttp,
    frameworkErrors: answerBrokenPath,
  }).withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler<z.ZodType>(({ schema, httpPart }) => (data: unknown) => {
    // A request without a body has null for one; schemas say with `prefault` or `nullish` what that means.
    const result = schema.safeParse(httpPart === "body" && data === null ? undefined : data);
    return result.success ? { value: result.data } : { error: result.error };
  });
  app.setSerializerCompiler<z.ZodType>(({ schema }) => (data: unknown) => {
    // Drops what the schema does not name, so that a column added to a query is not published by accident.
    const result = schema.safeParse(data);
    if (result.success) return JSON.stringify(result.data);
    throw new Error("an answer does not fit its schema", { cause: result.error satisfies ZodError });
  });
  const parse = app.getDefaultJsonParser("error", "error");
  app.removeContentTypeParser("application/json");
  app.addContentTypeParser("application/json", { parseAs: "string" }, (request, body, done) => {
    if (body.length === 0) done(null, undefined);
    else void parse(request, body.toString(), done);
  });
  app.decorate("described", []);
  app.addHook("onRoute", (route) => void app.described.push(route));
  app.addHook("preValidation", refuseUnstorable);
  answerProblems(app, log);
  return app;
}
