import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, request as httpRequest, type ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { once } from "node:events";
import { forwardAuthorization, type ForwardedRequest, forwardHeader, type RackEventInput } from "@rackwright/contract";
import { bytesSource, openContentStore } from "../images/index.ts";
import { type HttpServerOptions, startHttpServer } from "./index.ts";

const file = randomBytes(2_500_000);
const hash = createHash("sha256").update(file).digest("hex");

async function started(t: TestContext, more: Partial<HttpServerOptions> = {}) {
  const dir = await mkdtemp(join(tmpdir(), "rw-http-"));
  const events: RackEventInput[] = [];
  const emit = (event: RackEventInput) => void events.push(event);
  const store = await openContentStore({ dir, emit });
  async function* body() {
    yield await Promise.resolve(file);
  }
  const server = await startHttpServer({
    addresses: ["127.0.0.1"],
    port: 0,
    store,
    ensure: async (wanted) => {
      if (wanted !== hash) return false;
      await store.ensure(hash, file.length, () => Promise.resolve(body()));
      return true;
    },
    open: (path) => {
      if (path === "broken") return Promise.reject(new Error("region lost"));
      return Promise.resolve(path === "ipxe.cfg" ? bytesSource(Buffer.from("#!ipxe\n")) : undefined);
    },
    upstreams: () => [],
    emit,
    ...more,
  });
  t.after(async () => {
    await server.close();
    await rm(dir, { recursive: true, force: true });
  });
  const port = server.listening[0]?.port ?? 0;
  return { server, events, port, dir, base: `http://127.0.0.1:${port}` };
}

/** A region that tells what it was asked; on a TCP port or a Unix socket. */
async function region(t: TestContext, listen: number | string, answer?: (request: IncomingMessage) => Buffer) {
  const seen: { url: string; headers: NodeJS.Dict<string | string[]>; bytes: number }[] = [];
  const server = createServer((request, response) => {
    let bytes = 0;
    request.on("data", (chunk: Buffer) => (bytes += chunk.length));
    request.on("end", () => {
      seen.push({ url: request.url ?? "", headers: request.headers, bytes });
      response.setHeader("x-region", "1");
      response.end(answer?.(request) ?? "hello");
    });
  });
  if (typeof listen === "number") server.listen(listen, "127.0.0.1");
  else server.listen(listen);
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address() as AddressInfo | string;
  return { seen, server, base: typeof address === "string" ? `unix:${address}` : `http://127.0.0.1:${address.port}` };
}

/** Send raw text, return everything that comes back until the server closes. */
function raw(port: number, text: string, ms = 5000): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(text));
    let got = "";
    const timer = setTimeout(() => reject(new Error(`still open after ${ms} ms, got ${JSON.stringify(got)}`)), ms);
    socket.on("data", (chunk) => (got += chunk.toString("latin1")));
    socket.on("error", () => undefined);
    socket.on("close", () => {
      clearTimeout(timer);
      resolve(got);
    });
  });
}

test("an image is fetched on demand and served whole, in part, by tag", async (t) => {
  const { base, events } = await started(t);
  const url = `${base}/images/${hash}/ubuntu/squashfs`;
  const whole = await fetch(url);
  assert.equal(whole.status, 200);
  assert.equal(whole.headers.get("etag"), `"${hash}"`);
  assert.ok(Buffer.from(await whole.arrayBuffer()).equals(file));
  const get = async (headers: Record<string, string>, method = "GET") => {
    const response = await fetch(url, { headers, method });
    return {
      status: response.status,
      range: response.headers.get("content-range"),
      body: Buffer.from(await response.arrayBuffer()),
    };
  };
  const middle = await get({ range: "bytes=1000000-1000009" });
  assert.deepEqual(middle, {
    status: 206,
    range: "bytes 1000000-1000009/2500000",
    body: file.subarray(1_000_000, 1_000_010),
  });
  assert.deepEqual(await get({ range: "bytes=2500000-" }), {
    status: 416,
    range: "bytes */2500000",
    body: Buffer.alloc(0),
  });
  assert.equal((await get({ range: "bytes=0-0", "if-range": `"${hash}"` })).status, 206);
  assert.equal((await get({ range: "bytes=0-0", "if-range": '"other"' })).status, 200);
  assert.equal((await get({ "if-none-match": `W/"x", "${hash}"` })).status, 304);
  assert.equal((await get({ "if-match": '"x"' })).status, 412);
  assert.deepEqual(await get({ range: "bytes=0-0" }, "HEAD"), { status: 200, range: null, body: Buffer.alloc(0) });
  assert.equal((await get({}, "POST")).status, 405);
  assert.equal((await fetch(`${base}/images/${"0".repeat(64)}/x`)).status, 404);
  const done = events.find((event) => event.type === "http.done");
  assert.deepEqual(
    [done?.address, done?.data?.["name"], done?.data?.["bytes"], done?.data?.["status"]],
    ["127.0.0.1", "ubuntu/squashfs", 2_500_000, 200],
  );
});

test("a client that goes away in the middle disturbs nobody", async (t) => {
  const { base, events } = await started(t);
  const url = `${base}/images/${hash}/squashfs`;
  await (await fetch(url)).arrayBuffer();
  await new Promise<void>((resolve) => {
    const request = httpRequest(url, (response) => {
      response.once("data", () => request.destroy());
      response.on("error", () => undefined);
      request.once("close", resolve);
    });
    request.on("error", () => undefined);
    request.end();
  });
  assert.equal((await fetch(`${base}/ipxe.cfg`)).status, 200);
  assert.ok(events.every((event) => event.level !== "error"));
});

test("boot scripts, unknown files and a region that is lost", async (t) => {
  const { base } = await started(t);
  const script = await fetch(`${base}//ipxe.cfg`);
  assert.deepEqual(
    [script.status, await script.text(), script.headers.get("content-type")],
    [200, "#!ipxe\n", "text/plain; charset=utf-8"],
  );
  assert.equal((await fetch(`${base}/ipxe.cfg-52:54:00:00:00:01`)).status, 404);
  const broken = await fetch(`${base}/broken`);
  assert.deepEqual([broken.status, broken.headers.get("retry-after")], [503, "5"]);
});

test("traversal through a raw socket is refused", async (t) => {
  const { port } = await started(t);
  const paths = [
    "/../x",
    "/%2e%2e/x",
    "/%2e%2e%2fx",
    "/%252e%252e/x",
    "/a\\..\\x",
    "/a%00",
    `/images/${hash}/../../../x`,
    "/MAAS/../x",
  ];
  for (const path of paths) {
    const answer = await raw(port, `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    assert.match(answer, /^HTTP\/1\.1 40[03] /, path);
  }
  assert.match(await raw(port, "GET /a\0b HTTP/1.1\r\nHost: x\r\n\r\n"), /^HTTP\/1\.1 400 /);
});

test("the region learns who the client really is, and from us alone", async (t) => {
  const upstream = await region(t, 0);
  const { port } = await started(t, { upstreams: () => [upstream.base] });
  const answer = await raw(
    port,
    "GET //MAAS//metadata/?op=x HTTP/1.1\r\nHost: rack.local:5248\r\nX-Forwarded-For: 1.2.3.4\r\nForwarded: for=1.2.3.4\r\n" +
      "X-Real-IP: 1.2.3.4\r\nX-Secret: 1\r\nAuthorization: OAuth x\r\nConnection: close, X-Secret\r\n\r\n",
  );
  assert.match(answer, /^HTTP\/1\.1 200 [^]*x-region: 1[^]*hello/);
  const [seen] = upstream.seen;
  assert.equal(seen?.url, "/MAAS/metadata/?op=x");
  const { host, authorization, forwarded, ...headers } = seen?.headers ?? {};
  assert.deepEqual(
    [headers["x-forwarded-for"], headers["x-real-ip"], forwarded],
    ["127.0.0.1", "127.0.0.1", undefined],
  );
  assert.deepEqual([headers["x-forwarded-host"], headers["x-forwarded-proto"]], ["rack.local:5248", "http"]);
  assert.deepEqual([authorization, headers["x-secret"]], ["OAuth x", undefined]);
  assert.equal(`http://${String(host)}`, upstream.base);
});

test("a request is vouched for to a region over TCP, a machine cannot do that itself", async (t) => {
  const secret = randomBytes(32);
  const sign = (request: ForwardedRequest): string => forwardAuthorization(secret, "rack1", new Date(5000), request);
  const list: string[] = [];
  const { dir, port } = await started(t, { upstreams: () => list, sign });
  const [tcp, socket] = [await region(t, 0), await region(t, join(dir, "region.sock"))];
  const ask = "GET //MAAS/x?op=y HTTP/1.1\r\nHost: h:1\r\nX-Rackwright-Rack: forged\r\nConnection: close\r\n\r\n";
  list.push(tcp.base);
  await raw(port, ask);
  const sent = { method: "GET", url: "/MAAS/x?op=y", forwardedFor: "127.0.0.1", forwardedHost: "h:1" };
  assert.equal(tcp.seen[0]?.headers[forwardHeader], sign(sent));
  assert.equal(tcp.seen[0]?.url, sent.url);
  list[0] = `unix:${join(dir, "region.sock")}`;
  await raw(port, ask);
  assert.equal(socket.seen[0]?.url, sent.url);
  assert.equal(socket.seen[0]?.headers[forwardHeader], undefined);
});

test("bodies stream both ways, through a Unix socket, past a dead region", async (t) => {
  const { dir, port, base, events } = await started(t, {
    upstreams: () => ["http://127.0.0.1:1", `unix:${sockets.path}`],
  });
  const sockets = { path: join(dir, "region.sock") };
  const upstream = await region(t, sockets.path, () => file);
  const response = await fetch(`${base}/MAAS/metadata/status`, { method: "POST", body: file });
  assert.ok(Buffer.from(await response.arrayBuffer()).equals(file));
  assert.equal(upstream.seen[0]?.bytes, file.length);
  const chunked = await raw(
    port,
    "POST /agent/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
  );
  assert.match(chunked, /^HTTP\/1\.1 200 /);
  assert.equal(upstream.seen[1]?.bytes, 3);
  assert.equal(events.length, 0);
});

test("no region: 503 with a reason, one event, and one when it is back", async (t) => {
  const list = ["http://127.0.0.1:1", "unix:/nonexistent"];
  const { base, events } = await started(t, { upstreams: () => list });
  for (let i = 0; i < 3; i += 1) {
    const response = await fetch(`${base}/MAAS/x`);
    assert.equal(response.status, 503);
    assert.equal(response.headers.get("retry-after"), "5");
    assert.match(await response.text(), /^the rack cannot reach a region now: .*ECONNREFUSED.*ENOENT/);
  }
  const upstream = await region(t, 0);
  list.push(upstream.base);
  assert.equal((await fetch(`${base}/MAAS/x`)).status, 200);
  assert.deepEqual(
    events.map((e) => [e.type, e.level, e.failure?.code]),
    [
      ["rack.problem", "error", "region-unreachable"],
      ["rack.problem", "info", undefined],
    ],
  );
});

test("a region that breaks off in its answer breaks the client's connection", async (t) => {
  const upstream = await region(t, 0);
  upstream.server.removeAllListeners("request");
  upstream.server.on("request", (_request: IncomingMessage, response: ServerResponse) => {
    response.writeHead(200, { "content-length": 1000 });
    response.write("half", () => response.destroy());
  });
  const { port } = await started(t, { upstreams: () => [upstream.base] });
  const answer = await raw(port, "GET /MAAS/x HTTP/1.1\r\nHost: x\r\n\r\n");
  assert.match(answer, /half$/);
});

test("limits: body, headers, slow clients, connections", async (t) => {
  const upstream = await region(t, 0);
  const limits = { bodyBytes: 1000, headerBytes: 2048, headersMs: 200, connectionsPerClient: 3, idleMs: 500 };
  const { port } = await started(t, { upstreams: () => [upstream.base], limits });
  assert.match(await raw(port, "POST /MAAS/x HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n"), /^HTTP\/1\.1 413 /);
  const chunk = `3e9\r\n${"x".repeat(1001)}\r\n0\r\n\r\n`;
  const over = await raw(port, `POST /MAAS/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}`);
  assert.match(over, /^HTTP\/1\.1 413 /);
  assert.match(await raw(port, `GET / HTTP/1.1\r\nHost: x\r\nX: ${"y".repeat(3000)}\r\n\r\n`), /^HTTP\/1\.1 431 /);
  assert.match(await raw(port, "GET / HTTP/1.1\r\nHos"), /^HTTP\/1\.1 408 /);
  assert.match(await raw(port, "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n"), /^$/);
  const held = [1, 2, 3].map(() => connect(port, "127.0.0.1"));
  await Promise.all(held.map((socket) => once(socket, "connect")));
  assert.equal(await raw(port, "GET /ipxe.cfg HTTP/1.1\r\nHost: x\r\n\r\n"), "");
  for (const socket of held) socket.destroy();
});
