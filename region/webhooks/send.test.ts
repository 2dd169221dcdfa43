import assert from "node:assert/strict";
import { createServer, type RequestListener } from "node:http";
import { type AddressInfo, type Socket, createServer as createTcpServer } from "node:net";
import { test } from "node:test";
import { createHmac } from "node:crypto";
import { addressRefusal } from "./addresses.ts";
import { type Sending, send } from "./send.ts";
import { signedHeaders } from "./sign.ts";

/** Asks a real receiver, which ends with the test. */
async function receive(listener: RequestListener, more: Partial<Sending> = {}) {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  try {
    return await send({ url: `http://127.0.0.1:${port}/hook`, body: "{}", headers: {}, reach: "private", ...more });
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

test("an answer of 2xx is a success, any other is told; of a long one the beginning is kept", async () => {
  assert.deepEqual(await receive((_request, response) => response.writeHead(204).end()), {
    status: 204,
    answer: "",
    error: null,
  });
  const failed = await receive((_request, response) => response.writeHead(500).end("x".repeat(10_000_000)));
  assert.deepEqual([failed.status, failed.error, failed.answer?.length], [500, "it answered 500", 1000]);
});

test("a redirect is not followed", async () => {
  let asked = 0;
  const sent = await receive((_request, response) => {
    asked += 1;
    response.writeHead(307, { location: "/elsewhere" }).end();
  });
  assert.deepEqual([sent.status, sent.error, asked], [307, "it answered 307, a redirect, which is not followed", 1]);
});

test("a receiver that hangs, before or amid its answer, or says nonsense, is given up", async () => {
  const silent = await receive(() => {}, { timeout: 150 });
  assert.match(silent.error ?? "", /no whole answer within 0\.15 seconds/);
  const slow = await receive((_request, response) => response.write("a"), { timeout: 150 });
  assert.match(slow.error ?? "", /no whole answer/);
  const sockets: Socket[] = [];
  const server = createTcpServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    socket.end("SSH-2.0-hello\r\n");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const nonsense = await send({ url: `http://127.0.0.1:${port}/`, body: "", headers: {}, reach: "private" });
  assert.match(nonsense.error ?? "", /Parse Error/);
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
  assert.match(
    (await send({ url: `http://127.0.0.1:${port}/`, body: "", headers: {}, reach: "private" })).error ?? "",
    /ECONNREFUSED/,
  );
});

test("private addresses are reached only where that is set, also by a name, and those of nobody never", async () => {
  let asked = 0;
  const listener: RequestListener = (_request, response) => {
    asked += 1;
    response.end();
  };
  const refused = await receive(listener, { reach: "public" });
  assert.match(
    refused.error ?? "",
    /127\.0\.0\.1 is in a private network, and the setting webhook_addresses is 'public'/,
  );
  const resolve = async () => [{ address: "127.0.0.1", family: 4 }];
  const named = await send({ url: "http://innocent.example:1/", body: "", headers: {}, reach: "public", resolve });
  assert.match(
    named.error ?? "",
    /innocent\.example has no address to deliver to: 127\.0\.0\.1 is in a private network/,
  );
  const none = await send({
    url: "http://nobody.example/",
    body: "",
    headers: {},
    reach: "public",
    resolve: async () => [],
  });
  assert.match(none.error ?? "", /has no address/);
  assert.equal(asked, 0);
  for (const [address, reach, allowed] of [
    ["192.0.2.1", "public", true],
    ["2001:db8::1", "public", true],
    ["10.1.2.3", "public", false],
    ["10.1.2.3", "private", true],
    ["::ffff:10.1.2.3", "public", false],
    ["::ffff:a01:203", "private", false],
    ["::1", "public", false],
    ["::1", "private", true],
    ["fd00::1", "public", false],
    ["169.254.169.254", "private", false],
    ["::ffff:169.254.169.254", "private", false],
    ["fe80::1", "private", false],
    ["0.0.0.0", "private", false],
    ["224.0.0.1", "private", false],
    ["64:ff9b::7f00:1", "private", false],
    ["nonsense", "private", false],
  ] as const)
    assert.equal(addressRefusal(address, reach) === null, allowed, `${address} ${reach}`);
});

test("an address literal in whatever spelling is looked at as what it is", async () => {
  for (const url of [
    "http://2130706433/",
    "http://0x7f.1/",
    "http://[::1]/",
    "http://127.1/",
    "http://[::ffff:127.0.0.1]/",
  ])
    assert.notEqual(
      (await send({ url, body: "", headers: {}, reach: "public" })).error?.match(/private network|no address/),
      null,
      url,
    );
});

test("a delivery is signed as the Standard Webhooks specification says", () => {
  // The example of the specification's reference implementation.
  const signed = signedHeaders("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", {
    id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
    at: new Date(1_614_265_330_000),
    body: '{"test": 2432232314}',
  });
  assert.equal(signed["webhook-timestamp"], "1614265330");
  assert.equal(signed["webhook-signature"], "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
  const plain = signedHeaders("a plain secret of mine", { id: "a", at: new Date(1000), body: "b" });
  const expected = createHmac("sha256", "a plain secret of mine").update("a.1.b").digest("base64");
  assert.equal(plain["webhook-signature"], `v1,${expected}`);
});
