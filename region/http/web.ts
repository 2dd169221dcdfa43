import fastifyStatic from "@fastify/static";
import type { FastifyInstance } from "fastify";

/** Only what comes from here runs or is shown, and nobody may frame it. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join("; ");

/** Serves the files of the web page at `/`. */
export async function registerWeb(app: FastifyInstance, folder: string): Promise<void> {
  await app.register(fastifyStatic, {
    root: folder,
    prefix: "/",
    wildcard: true,
    dotfiles: "deny",
    setHeaders: (reply) => {
      reply.header("content-security-policy", policy);
      reply.header("x-content-type-options", "nosniff");
      reply.header("referrer-policy", "no-referrer");
      reply.header("cache-control", "no-cache");
    },
  });
  // The same page, which looks at its address.
  app.get("/reference", { config: { public: true }, schema: { hide: true } }, (_request, reply) =>
    reply.sendFile("index.html"),
  );
}
