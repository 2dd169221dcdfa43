export { DEFAULT_HTTP_LIMITS, type HttpLimits, type HttpServerOptions, type Upstream } from "./options.ts";
export { type HttpServer, startHttpServer } from "./server.ts";
