import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from "fastify";
import type { z } from "zod";
import { NotFound } from "../errors.ts";
import { answerSchema, itemSchema } from "./asked.ts";
import { thingTag } from "./etag.ts";

/** A thing as its own URL shows it to a caller now. */
export type Representation = { thing: Record<string, unknown>; text: string; tag: string };

type Reader = Pick<RouteOptions, "handler" | "preHandler" | "schema"> & { answer: z.ZodObject };

/** Knows the route that reads each thing, and can read it on behalf of one that changes it. */
export class Representations {
  readonly #readers = new Map<string, Reader>();
  readonly #app: FastifyInstance;

  constructor(app: FastifyInstance) {
    this.#app = app;
    app.addHook("onRoute", (route) => {
      const answer = answerSchema(route.schema);
      if (route.method !== "GET" || answer === null || itemSchema(answer) !== null) return;
      this.#readers.set(route.url, { ...route, answer });
    });
  }

  /** The schema of the thing at a URL with placeholders; null where none can be read there. */
  schemaOf(url: string): z.ZodObject | null {
    return this.#readers.get(url)?.answer ?? null;
  }

  /** The thing that the request's own URL names, as its caller may see it; null where there is none. */
  async read(request: FastifyRequest, url: string): Promise<Representation | null> {
    const reader = this.#readers.get(url);
    if (reader === undefined) return null;
    const parse = (schema: unknown, value: unknown): unknown =>
      schema === undefined ? value : (schema as z.ZodType).safeParse(value).data;
    const asked = Object.create(request, {
      query: { value: parse(reader.schema?.querystring, {}) },
      body: { value: undefined },
    }) as FastifyRequest;
    const { reply, sent } = recorder();
    const handlers = [reader.preHandler ?? [], reader.handler].flat();
    let answer: unknown;
    try {
      for (const handle of handlers) answer = await Reflect.apply(handle, this.#app, [asked, reply]);
    } catch (error) {
      if (error instanceof NotFound) return null;
      throw error;
    }
    const thing = reader.answer.parse(answer === reply || answer === undefined ? sent() : answer);
    const text = JSON.stringify(thing);
    return { thing, text, tag: thingTag(JSON.parse(text) as Record<string, unknown>) };
  }
}

/** A reply that only keeps what is sent with it. */
function recorder(): { reply: FastifyReply; sent: () => unknown } {
  let payload: unknown;
  const reply = {
    code: () => reply,
    header: () => reply,
    type: () => reply,
    send: (given: unknown) => {
      payload = given;
      return reply;
    },
  };
  return { reply: reply as unknown as FastifyReply, sent: () => payload };
}
