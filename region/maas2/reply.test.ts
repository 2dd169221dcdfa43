import assert from "node:assert/strict";
import { once } from "node:events";
import { type IncomingMessage, get } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { z } from "zod";
import { systemClock } from "../clock.ts";
import { openDatabase } from "../database/pool.ts";
import { InputError } from "../errors.ts";
import { type App, buildApp } from "../http/app.ts";
import { ImageSync } from "../images/index.ts";
import { type Log, noLog } from "../log.ts";
import { type Answer, type Resource, operation } from "./operation.ts";
import { registerMaas2 } from "./plugin.ts";

/** Items given out so far, and whether whoever gives them was told to stop. */
const seen = { items: 0, ended: Promise.withResolvers<void>(), aborted: Promise.withResolvers<void>() };

async function* endless(): AsyncGenerator<{ text: string }> {
  try {
    for (;;) {
      seen.items += 1;
      yield { text: "x".repeat(1000) };
    }
  } finally {
    seen.ended.resolve();
  }
}
async function* some(count: number): AsyncGenerator<{ id: number }> {
  for (let id = 0; id < count; id++) yield { id };
}
async function* failing(after: number): AsyncGenerator<number> {
  for (let id = 0; id < after; id++) yield id;
  throw new InputError("That is not possible.");
}
async function* pieces(): AsyncGenerator<string> {
  yield "[1,";
  yield "2]";
}

const answering = (path: string, answer: () => Answer, limit?: number): Resource => {
  const one = operation({
    access: "none",
    title: "Answers.",
    parameters: z.object({}),
    ...(limit !== undefined && { limit }),
    run: async (call) => {
      call.signal.addEventListener("abort", () => seen.aborted.resolve());
      return answer();
    },
  });
  return { handler: null, path, doc: "", operations: { GET: one, PUT: one } };
};
const resources = [
  answering("endless/", () => ({ items: endless() })),
  answering("none/", () => ({ items: some(0) })),
  answering("many/", () => ({ items: some(20_000) })),
  answering("pieces/", () => ({ chunks: pieces() })),
  answering("refused/", () => ({ items: failing(0) })),
  answering("broken/", () => ({ items: failing(100_000) })),
  answering("bytes/", () => ({ bytes: Buffer.from([0, 255]), type: "application/bson", headers: { "x-a": "b" } })),
  answering("null/", () => ({ json: null })),
  answering("large/", () => ({ text: "OK" }), 4 * 1024 * 1024),
];

let app: App;
let url: string;
const defects: object[] = [];
before(async () => {
  const log: Log = { ...noLog, error: (fields) => void defects.push(fields) };
  const db = openDatabase({ url: "postgresql:///none" });
  app = buildApp({ log });
  const deps = {
    db,
    clock: systemClock,
    tail: { through: () => 0, past: async () => {}, close: async () => {} },
    images: new ImageSync({ db, clock: systemClock, log, store: "" }),
    racks: { connections: () => [] },
    version: "0.0.0",
    log,
    signal: AbortSignal.abort(),
    isLocalOperator: () => false,
  };
  registerMaas2(app, deps, async () => resources);
  await app.listen({ port: 0, host: "127.0.0.1" });
  url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}/MAAS/api/2.0/`;
});
after(() => app.close());

const open = async (path: string): Promise<IncomingMessage> => {
  const [response] = (await once(get(url + path), "response")) as [IncomingMessage];
  return response;
};

test("a list is as many items as there are", async () => {
  assert.deepEqual(await (await fetch(`${url}none/`)).json(), []);
  const answer = await fetch(`${url}many/`);
  assert.equal(answer.headers.get("content-type"), "application/json; charset=utf-8");
  const items = (await answer.json()) as { id: number }[];
  assert.deepEqual([items.length, items.at(-1)], [20_000, { id: 19_999 }]);
  assert.deepEqual(await (await fetch(`${url}pieces/`)).json(), [1, 2]);
});

test("a list is made no faster than it is read, and ends when its reader goes", async () => {
  const response = await open("endless/");
  await once(response, "readable");
  assert.equal(response.read(10)?.length, 10);
  // The buffers of both sides are some megabytes at most.
  assert.ok(seen.items < 50_000, `${seen.items} items were made`);
  response.destroy();
  await seen.ended.promise;
  await seen.aborted.promise;
});

test("what fails before the first item is told, later the list is cut off", async () => {
  const refused = await fetch(`${url}refused/`);
  assert.deepEqual([refused.status, await refused.text()], [400, "That is not possible."]);
  const broken = await fetch(`${url}broken/`);
  assert.equal(broken.status, 200);
  await assert.rejects(broken.text());
});

test("other answers are what they say", async () => {
  const bytes = await fetch(`${url}bytes/`);
  assert.deepEqual(
    [bytes.headers.get("content-type"), bytes.headers.get("x-a"), [...new Uint8Array(await bytes.arrayBuffer())]],
    ["application/bson", "b", [0, 255]],
  );
  assert.equal(await (await fetch(`${url}null/`)).text(), "null");
  const made = seen.items;
  const head = await fetch(`${url}endless/`, { method: "HEAD" });
  assert.deepEqual([head.status, await head.text(), seen.items], [200, "", made]);
});

test("a body may be as large as the operation says, but not a stranger's", async () => {
  const put = async (size: number) => {
    const answer = await fetch(`${url}large/`, { method: "PUT", body: Buffer.alloc(size) }).catch(() => null);
    return answer?.status ?? "closed";
  };
  assert.equal(await put(1024 * 1024), 200);
  assert.ok([413, "closed"].includes(await put(2 * 1024 * 1024)));
});

test("paths that are no paths are told as such", async () => {
  for (const path of ["%zz/", "machines/%E0%A4%A/", "%00", ".."]) {
    const answer = await fetch(url + path);
    assert.ok([400, 404].includes(answer.status), path);
  }
  assert.deepEqual(defects, []);
});
