import { Readable } from "node:stream";
import type { FastifyReply } from "fastify";
import type { Answer } from "./operation.ts";
import { jsonType } from "./failures.ts";

/** Characters gathered before they are sent. */
const piece = 64 * 1024;

/** Sends an operation's answer. A list is written as its items come, no faster than the client reads. */
export async function sendAnswer(reply: FastifyReply, answer: Answer): Promise<unknown> {
  void reply.code(answer.status ?? 200);
  if ("headers" in answer && answer.headers) void reply.headers(answer.headers);
  // Of a list that nobody wants to read nothing is made.
  if (reply.request.method === "HEAD" && ("items" in answer || "chunks" in answer))
    return reply.type(jsonType).send("");
  if ("json" in answer) return reply.type(jsonType).send(JSON.stringify(answer.json));
  if ("items" in answer) return reply.type(jsonType).send(await streamOf(listText(answer.items)));
  if ("chunks" in answer) return reply.type(jsonType).send(await streamOf(gathered(answer.chunks)));
  if ("text" in answer) return reply.type("text/plain; charset=utf-8").send(answer.text);
  if ("bytes" in answer) return reply.type(answer.type).send(answer.bytes);
  return sendNothing(reply);
}

/**
 * Answers 204. The command line of MAAS prints an answer by its content type and fails where there is none, which Fastify
 * does not know: it takes it away from an answer without content.
 */
export function sendNothing(reply: FastifyReply): unknown {
  reply.raw.setHeader("content-type", "text/plain; charset=utf-8");
  return reply.code(204).send();
}

/** A stream whose first piece is there: what fails before it is told as an error, not as a list cut short. */
async function streamOf(text: AsyncGenerator<string | Buffer>): Promise<Readable> {
  const first = await text.next();
  return Readable.from(
    (async function* () {
      try {
        if (first.done !== true) yield first.value;
        yield* text;
      } finally {
        await text.return(undefined);
      }
    })(),
    { objectMode: false, highWaterMark: piece },
  );
}

async function* listText(items: AsyncIterable<unknown>): AsyncGenerator<string> {
  let text = "[";
  let first = true;
  for await (const item of items) {
    text += (first ? "" : ",") + JSON.stringify(item);
    first = false;
    if (text.length < piece) continue;
    yield text;
    text = "";
  }
  yield `${text}]`;
}

/** Small pieces together, large ones as they are. */
async function* gathered(chunks: AsyncIterable<string | Buffer>): AsyncGenerator<string | Buffer> {
  let text = "";
  for await (const chunk of chunks) {
    if (typeof chunk === "string") {
      text += chunk;
      if (text.length < piece) continue;
      yield text;
    } else {
      if (text !== "") yield text;
      yield chunk;
    }
    text = "";
  }
  yield text;
}
