import type { FastifyReply, FastifyRequest } from "fastify";
import type { App } from "./app.ts";
import { answerSchema, isApi, itemSchema } from "./asked.ts";
import { noneMatch, textTag, thingTag } from "./etag.ts";
import type { Representations } from "./representation.ts";

/**
 * Gives answers of `/api/v1` their entity tag, answers 304 where the caller has what it would be told, and leaves of an
 * answer the `fields` that were asked for. The tag is of the whole thing, whatever fields are shown, so that it fits
 * `If-Match`.
 */
export function registerConditional(app: App, representations: Representations): void {
  app.addHook("onSend", async (request, reply, payload) => {
    if (!isApi(request.routeOptions.url) || typeof payload !== "string" || !isPlainSuccess(reply)) return payload;
    const thing = answersThing(request, representations);
    if (thing === null) return payload;
    const asked = request.asked?.fields ?? null;
    const parsed: unknown = thing || asked !== null ? JSON.parse(payload) : null;
    const tag = thing ? thingTag(parsed as Record<string, unknown>) : textTag(payload);
    reply.header("etag", tag);
    const condition = request.headers["if-none-match"];
    const reads = request.method === "GET" || request.method === "HEAD";
    if (reads && condition !== undefined && !noneMatch(condition, tag)) {
      reply.code(304);
      reply.removeHeader("content-type");
      return "";
    }
    return asked === null ? payload : JSON.stringify(select(parsed, asked));
  });
}

function isPlainSuccess(reply: FastifyReply): boolean {
  const type = String(reply.getHeader("content-type") ?? "");
  return (reply.statusCode === 200 || reply.statusCode === 201) && type.startsWith("application/json");
}

/** Whether the answer is one thing, as its own URL shows it (true), a list or anything else (false), or has no tag (null). */
function answersThing({ method, routeOptions }: FastifyRequest, representations: Representations): boolean | null {
  const answer = answerSchema(routeOptions.schema);
  if (method === "GET" || method === "HEAD") return answer !== null && itemSchema(answer) === null;
  // What a change answers is the thing as it is now only where reading it answers the same.
  return answer !== null && representations.schemaOf(routeOptions.url ?? "") === answer ? true : null;
}

function select(answer: unknown, names: readonly string[]): unknown {
  if (typeof answer !== "object" || answer === null) return answer;
  if ("items" in answer && Array.isArray(answer.items))
    return { ...answer, items: answer.items.map((item: unknown) => select(item, names)) };
  const fields = new Map(Object.entries(answer));
  return Object.fromEntries(names.filter((name) => fields.has(name)).map((name) => [name, fields.get(name)]));
}
