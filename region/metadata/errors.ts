import type { FastifyReply, FastifyRequest } from "fastify";
import { RegionError } from "../errors.ts";

/**
 * Refusals as cloud-init and script runners read them: a status and one line of text. The Date header, by which
 * cloud-init mends its clock after a 401, is on every answer. Other errors are left to the app's own handler.
 */
export function textErrors(error: unknown, _request: FastifyRequest, reply: FastifyReply): void {
  if (!(error instanceof RegionError)) throw error;
  if (error.status === 401) void reply.header("WWW-Authenticate", 'OAuth realm="metadata"');
  const next = error.next === undefined ? "" : ` ${error.next}`;
  void reply.code(error.status).type("text/plain; charset=utf-8").send(`${error.message}${next}\n`);
}
