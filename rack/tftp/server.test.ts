import assert from "node:assert/strict";
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";
import { test, type TestContext } from "node:test";
import type { RackEventInput } from "@rackwright/contract";
import { decodePacket, encodeAck, encodeError, encodeRequest } from "@rackwright/tftp";
import * as fc from "fast-check";
import { bytesSource, type OpenFile } from "../images/file-source.ts";
import { startTftpServer, type TftpServerOptions } from "./index.ts";

const file = Buffer.alloc(1300, "x");
const open: OpenFile = (path) => Promise.resolve(path === "loader.efi" ? bytesSource(file) : undefined);

async function started(t: TestContext, more: Partial<TftpServerOptions> = {}) {
  const events: RackEventInput[] = [];
  const retry = { initialMs: 60, minMs: 30, maxMs: 60, giveUpMs: 100, attempts: 2 };
  const emit = (event: RackEventInput) => void events.push(event);
  const server = await startTftpServer({ addresses: ["127.0.0.1"], port: 0, open, emit, retry, ...more });
  t.after(() => server.close());
  return { server, events, port: server.listening[0]?.port ?? 0 };
}

async function client(t: TestContext) {
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  t.after(() => socket.close());
  const waiting: { datagram: Uint8Array; remote: RemoteInfo }[] = [];
  socket.on("message", (datagram, remote) => waiting.push({ datagram, remote }));
  const next = async () => {
    while (waiting.length === 0) await once(socket, "message");
    const first = waiting.shift();
    assert.ok(first);
    return { packet: decodePacket(first.datagram), port: first.remote.port };
  };
  return { socket, next, waiting };
}
const request = (path: string, options: Record<string, string> = {}, kind: "read" | "write" = "read") =>
  encodeRequest({ kind, path, mode: "octet", options: new Map(Object.entries(options)) });
const send = (socket: Socket, packet: Uint8Array, port: number) => socket.send(packet, port, "127.0.0.1");

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; !condition(); i += 1) {
    assert.ok(i < 500, "waited 5 s in vain");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

test("a file in three blocks from a fresh port, with events", async (t) => {
  const { port, events, server } = await started(t);
  const { socket, next } = await client(t);
  send(socket, request("\\loader.efi"), port);
  let from = 0;
  for (const [block, size] of [
    [1, 512],
    [2, 512],
    [3, 276],
  ] as const) {
    const { packet, port: tid } = await next();
    assert.ok(packet.kind === "data");
    assert.deepEqual([packet.block, packet.payload.length], [block, size]);
    assert.notEqual(tid, port);
    if (from !== 0) assert.equal(tid, from);
    from = tid;
    send(socket, encodeAck(block), tid);
  }
  await until(() => server.transfers === 0);
  assert.deepEqual(
    events.map((e) => [e.type, e.address, e.data?.["path"], e.data?.["bytes"]]),
    [
      ["tftp.request", "127.0.0.1", "loader.efi", undefined],
      ["tftp.done", "127.0.0.1", "loader.efi", 1300],
    ],
  );
});

test("what is refused, and with which error", async (t) => {
  const { port, events } = await started(t);
  const { socket, next } = await client(t);
  const cases: [Uint8Array, number][] = [
    [request("../etc/passwd"), 2],
    [request("a/..\\..\\b"), 2],
    [request("loader.efi", {}, "write"), 2],
    [request("missing"), 1],
    [request("pxelinux.cfg/C0A80001"), 1],
    [Buffer.from("\0\x01loader.efi\0mail\0", "latin1"), 4],
    [Buffer.from("\0\x01loader", "latin1"), 4],
  ];
  for (const [packet, code] of cases) {
    send(socket, packet, port);
    const answer = (await next()).packet;
    assert.ok(answer.kind === "error");
    assert.equal(answer.code, code, answer.message);
  }
  assert.equal(events.filter((e) => e.data?.["reason"] === "refused").length, 5);
  assert.equal(events.filter((e) => e.data?.["reason"] === "not-found").length, 2);
});

test("an unknown .lst is an empty file", async (t) => {
  const { port } = await started(t);
  const { socket, next } = await client(t);
  send(socket, request("/grub/x86_64-efi/command.lst"), port);
  const { packet, port: tid } = await next();
  assert.ok(packet.kind === "data");
  assert.equal(packet.payload.length, 0);
  send(socket, encodeAck(1), tid);
});

test("asking only for the size is no failure", async (t) => {
  const { port, events, server } = await started(t);
  const { socket, next } = await client(t);
  send(socket, request("loader.efi", { tsize: "0", blksize: "1468" }), port);
  const { packet, port: tid } = await next();
  assert.deepEqual(packet, {
    kind: "oack",
    options: new Map([
      ["tsize", "1300"],
      ["blksize", "1468"],
    ]),
  });
  send(socket, encodeError(8, "User aborted the transfer"), tid);
  await until(() => server.transfers === 0);
  assert.deepEqual(
    events.map((e) => [e.type, e.level]),
    [
      ["tftp.request", undefined],
      ["tftp.done", "debug"],
    ],
  );
});

test("a stranger gets error 5 and the transfer goes on", async (t) => {
  const { port } = await started(t);
  const mine = await client(t);
  const other = await client(t);
  send(mine.socket, request("loader.efi"), port);
  const { port: tid } = await mine.next();
  send(other.socket, encodeAck(1), tid);
  const answer = (await other.next()).packet;
  assert.ok(answer.kind === "error");
  assert.equal(answer.code, 5);
  send(mine.socket, encodeAck(1), tid);
  const { packet } = await mine.next();
  assert.ok(packet.kind === "data");
  assert.equal(packet.block, 2);
  send(mine.socket, encodeError(0, "enough"), tid);
});

test("a repeated request gets one transfer; a client may hold only so many", async (t) => {
  const { port, server, events } = await started(t, { maxTransfersPerClient: 2 });
  const { socket, next, waiting } = await client(t);
  send(socket, request("loader.efi"), port);
  const first = await next();
  send(socket, request("loader.efi"), port);
  assert.equal((await next()).port, first.port);
  assert.equal(server.transfers, 1);
  const others = [await client(t), await client(t)];
  for (const other of others) send(other.socket, request("loader.efi"), port);
  await until(() => events.some((e) => e.data?.["reason"] === "busy"));
  assert.equal(server.transfers, 2);
  waiting.splice(0);
  await until(() => server.transfers === 0);
  assert.ok(events.some((e) => e.data?.["reason"] === "timeout"));
});

test("a file that breaks off, hangs or cannot be opened ends in an ERROR, not in silence", async (t) => {
  const broken: Record<string, () => ReturnType<OpenFile>> = {
    short: () => Promise.resolve({ ...bytesSource(file), size: 5000 }),
    hangs: () => Promise.resolve({ ...bytesSource(file), read: () => new Promise(() => undefined) }),
    closed: () => Promise.reject(new Error("region lost")),
  };
  const { port, events, server } = await started(t, {
    open: (path) => broken[path]?.() ?? Promise.resolve(undefined),
    sourceTimeoutMs: 50,
  });
  for (const path of Object.keys(broken)) {
    const { socket, next } = await client(t);
    send(socket, request(path), port);
    for (;;) {
      const { packet, port: tid } = await next();
      if (packet.kind === "error") break;
      assert.ok(packet.kind === "data");
      send(socket, encodeAck(packet.block), tid);
    }
  }
  await until(() => server.transfers === 0);
  assert.equal(events.filter((e) => e.data?.["reason"] === "source").length, 3);
});

test("garbage on the port does not stop the server", async (t) => {
  const { port, events } = await started(t);
  const { socket } = await client(t);
  const request = fc.uint8Array({ maxLength: 60 }).map((rest) => Uint8Array.of(0, 1, ...rest));
  const packets = fc.sample(fc.oneof(request, fc.uint8Array({ maxLength: 600 })), { numRuns: 1000, seed: 7 });
  for (const [i, packet] of packets.entries()) {
    send(socket, packet, port);
    // Server and client share this loop: without a turn for it the socket's buffer overflows.
    if (i % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await until(() => events.some((e) => e.data?.["reason"] === "refused"));
  assert.ok(events.length <= 60, "refusals are limited");
  const fresh = await client(t);
  send(fresh.socket, encodeRequest({ kind: "read", path: "loader.efi", mode: "octet", options: new Map() }), port);
  const { packet, port: tid } = await fresh.next();
  assert.equal(packet.kind, "data");
  send(fresh.socket, encodeError(0, "done"), tid);
});

test("addresses can change while it runs; a bad option says what is allowed", async (t) => {
  const { server } = await started(t);
  await server.setAddresses(["127.0.0.2", "fe80::1"]);
  assert.deepEqual(
    server.listening.map((l) => l.address),
    ["127.0.0.2"],
  );
  await assert.rejects(
    startTftpServer({ addresses: [], open, emit: () => undefined, maxBlksize: 4 }),
    /maxBlksize is 4; allowed are whole numbers from 8 to 65464/,
  );
});
