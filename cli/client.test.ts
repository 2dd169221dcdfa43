import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import test from "node:test";
import { badInput, notFound } from "@rackwright/contract";
import { z } from "zod";
import { apiClient } from "./client.ts";
import type { ApiClient } from "./client.ts";
import { CliError } from "./errors.ts";
import { suggesting } from "./suggestions.ts";

/** A server of the loopback that answers as told, and a client of it. */
async function served(answer: RequestListener, options: { seconds?: number; interrupted?: AbortSignal } = {}) {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const client = apiClient({ url: `http://127.0.0.1:${port}`, key: "a:b:c" }, options.seconds, options.interrupted);
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { client, port, [Symbol.asyncDispose]: close };
}

const problem = (detail: string, more: object): RequestListener => {
  const body = { type: "about:blank", title: "Bad", status: 400, detail, code: "bad-input", ...more };
  return (_, response) => void response.writeHead(400).end(JSON.stringify(body));
};

async function refusal(client: ApiClient, path = "/x"): Promise<CliError> {
  const error: unknown = await client.get(path, z.unknown()).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof CliError, String(error));
  return error;
}

test("a refused field is told once, with advice for the command line", async () => {
  const failures = [{ field: "limit", allowed: "must be a number" }];
  await using one = await served(problem("limit: must be a number", { failures, next: badInput.next }));
  const { message, next, exitCode } = await refusal(one.client);
  assert.deepEqual([message, next, exitCode], ["limit: must be a number", "See --help of this command.", 2]);
  await using other = await served(problem("It cannot be.", { failures, next: "Do this." }));
  const told = await refusal(other.client);
  assert.deepEqual([told.message, told.next], ["It cannot be.\n  limit: must be a number", "Do this."]);
});

test("whatever keeps an answer away is told in words, with status 3", async () => {
  await using slow = await served(() => undefined, { seconds: 0.05 });
  assert.match((await refusal(slow.client)).message, /in time\.$/);
  await using cut = await served((_, response) => {
    response.writeHead(200, { "content-length": "9" });
    response.write("{");
    setImmediate(() => response.destroy());
  });
  assert.equal((await refusal(cut.client)).exitCode, 3);
  const tls = apiClient({ url: `https://127.0.0.1:${cut.port}`, key: "a:b:c" });
  assert.match((await refusal(tls)).next, /http:\/\/ instead of https/);
  const nowhere = apiClient({ url: "http://no-such-host.invalid", key: "a:b:c" });
  assert.match((await refusal(nowhere)).message, /its name is not known|EAI_AGAIN/);
  assert.match((await refusal(apiClient({ socket: "/nonexistent.sock" }))).next, /rackwright up/);
});

test("an answer of another version is no defect of ours", async () => {
  await using site = await served((_, response) => void response.end('{"a":1}'));
  await assert.rejects(site.client.get("/x", z.object({ a: z.string() })), /answer to GET \/x is not understood: a: /);
});

test("Ctrl-C ends a request at once", async () => {
  const interruption = new AbortController();
  await using site = await served(() => interruption.abort(), { interrupted: interruption.signal });
  await assert.rejects(site.client.get("/x", z.unknown()), { name: "AbortError" });
});

test("of what is not found the nearest name is told, and how to list them", async () => {
  await using site = await served((request, response) => {
    const missing = request.url?.startsWith("/api/v1/zones?") !== true;
    const body = {
      type: "about:blank",
      title: "x",
      status: 404,
      detail: "There is no zone defalt.",
      code: "not-found",
    };
    if (missing) response.writeHead(404).end(JSON.stringify(body));
    else response.end('{"items":[{"name":"default"},{"name":"lab"}],"next":null}');
  });
  const client = suggesting(site.client);
  assert.equal(
    (await refusal(client, "/api/v1/zones/defalt")).next,
    "Did you mean default? See 'rackwright zones list'.",
  );
  assert.equal((await refusal(client, "/api/v1/elsewhere/defalt")).next, "");
});

test("where the region only says that there are lists, the command that lists is told", async () => {
  await using site = await served((_, response) => {
    const body = { type: "about:blank", title: "x", status: 404, detail: "There is none.", code: "not-found" };
    response.writeHead(404).end(JSON.stringify({ ...body, next: notFound.next }));
  });
  const client = suggesting(site.client);
  assert.equal((await refusal(client, "/api/v1/ssh-keys/9")).next, "See 'rackwright ssh-keys list'.");
  assert.equal((await refusal(client, "/api/v1/users/bob/tokens/x")).next, "See 'rackwright users tokens list bob'.");
});
