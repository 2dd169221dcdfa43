import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { systemClock } from "../clock.ts";
import { type App, buildApp } from "../http/app.ts";
import { closeServer, listenOnSocket, socketServer } from "../http/servers.ts";
import { noLog } from "../log.ts";
import { ownCertificate, readCertificate } from "./certificate.ts";
import { selfSigned } from "./self-signed.ts";
import { serveTls } from "./serve.ts";

const run = promisify(execFile);
let folder: string;
const ends: (() => unknown)[] = [];
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "rackwright-tls-"));
});
after(async () => {
  for (const end of ends.toReversed()) await end();
  await rm(folder, { recursive: true });
});

async function serve(wish: Parameters<typeof serveTls>[1]) {
  const app: App = buildApp({ log: noLog });
  const warnings: object[] = [];
  const log = { ...noLog, warn: (fields: object) => void warnings.push(fields) };
  const tls = serveTls(app, wish, { state: folder, clock: systemClock, log });
  for (const url of ["/api/v1/thing", "/agent/v1/thing", "/rack/v1/thing", "/MAAS/metadata/thing"])
    app.post(url, { schema: { hide: true } }, (request, reply) =>
      reply.send({ protocol: request.protocol, body: request.body }),
    );
  await app.listen({ port: 0, host: "127.0.0.1" });
  const socket = socketServer(app);
  await listenOnSocket(socket, join(folder, "region.sock"));
  ends.push(
    () => app.close(),
    () => closeServer(socket),
    () => tls.close(),
  );
  return { port: (app.server.address() as AddressInfo).port, tls, warnings };
}

/** Asks with curl: status, headers, body. */
async function curl(...words: string[]): Promise<{ status: number; head: string; body: string }> {
  const post = ["-H", "content-type: application/json", "-d", '{"a":1}'];
  const { stdout } = await run("curl", ["-sS", "-i", "--max-time", "10", ...post, ...words]);
  const [head = "", ...body] = stdout.split("\r\n\r\n");
  return { status: Number(/^HTTP\/[\d.]+ (\d+)/.exec(head)?.[1]), head: head.toLowerCase(), body: body.join("\n") };
}

test("a certificate of our own: OpenSSL reads it, it names this host, and it lasts", async () => {
  const own = await mkdtemp(join(folder, "own-"));
  const files = ownCertificate(own, new Date());
  const { stdout } = await run("openssl", [
    "x509",
    "-in",
    files.certificate,
    "-noout",
    "-text",
    "-fingerprint",
    "-sha256",
  ]);
  assert.match(stdout, /Version: 3/);
  assert.match(stdout, /ecdsa-with-SHA256/);
  assert.match(stdout, /DNS:localhost/);
  assert.match(stdout, /IP Address:127\.0\.0\.1/);
  assert.match(stdout, /CA:FALSE/);
  assert.ok(stdout.includes(readCertificate(files).fingerprint));
  await run("openssl", ["verify", "-CAfile", files.certificate, files.certificate]);
  assert.deepEqual(ownCertificate(own, new Date()), files);
  const before = readCertificate(files).fingerprint;
  assert.equal(readCertificate(ownCertificate(own, new Date())).fingerprint, before);
  // A month before its end there is another one.
  const late = new Date(readCertificate(files).expires.getTime() - 20 * 86_400_000);
  assert.notEqual(readCertificate(ownCertificate(own, late)).fingerprint, before);
});

test("names and addresses of every form come out of the certificate as they went in", () => {
  const names = [
    "host.example.org",
    "10.0.0.1",
    "::1",
    "2001:db8::1",
    "fe80::1:2:3:4",
    "2001:db8:1:2:3:4:5:6",
    "::ffff:1.2.3.4",
  ];
  for (const [from, to] of [
    [new Date("2026-01-01T00:00:00Z"), new Date("2049-12-31T23:59:59Z")],
    [new Date("2049-12-31T23:59:59Z"), new Date("2060-01-01T00:00:00Z")],
  ] as const) {
    const parsed = new X509Certificate(selfSigned(names, { from, to }).certificate);
    assert.equal(new Date(parsed.validFrom).getTime(), from.getTime());
    assert.equal(new Date(parsed.validTo).getTime(), to.getTime());
    assert.ok(parsed.verify(parsed.publicKey));
    for (const name of ["host.example.org"]) assert.ok(parsed.checkHost(name));
    for (const name of names.slice(1)) assert.ok(parsed.checkIP(name), `${name} in ${parsed.subjectAltName}`);
  }
});

test("files that do not fit are told by name at the start", async () => {
  const [one, other] = [
    ownCertificate(folder, new Date()),
    { certificate: join(folder, "o.crt"), key: join(folder, "o.key") },
  ];
  const made = selfSigned(["localhost"], { from: new Date(), to: new Date(Date.now() + 1e9) });
  await writeFile(other.certificate, made.certificate);
  await writeFile(other.key, made.key);
  assert.throws(() => readCertificate({ certificate: one.certificate, key: other.key }), /is not the one of/);
  assert.throws(() => readCertificate({ certificate: one.key, key: one.key }), /holds no certificate/);
  assert.throws(() => readCertificate({ certificate: one.certificate, key: one.certificate }), /holds no private key/);
  assert.throws(() => readCertificate({ certificate: join(folder, "none"), key: one.key }), /cannot be read/);
});

test("one port: TLS 1.2 and 1.3, the clear redirected with its method, racks and machines served as before", async () => {
  const { port, tls } = await serve("own");
  const ca = join(folder, "tls.crt");
  const secure = await curl("--cacert", ca, `https://localhost:${port}/api/v1/thing`);
  assert.deepEqual([secure.status, secure.body], [200, '{"protocol":"https","body":{"a":1}}']);
  // A browser that must not come in the clear any more would not let anybody past its warning either.
  assert.doesNotMatch(secure.head, /strict-transport-security/);
  await assert.rejects(curl(`https://localhost:${port}/api/v1/thing`), /self-signed|certificate/);
  await assert.rejects(curl("--cacert", ca, "--tls-max", "1.1", `https://localhost:${port}/api/v1/thing`));
  assert.equal((await curl("--cacert", ca, "--tls-max", "1.2", `https://127.0.0.1:${port}/api/v1/thing`)).status, 200);

  const clear = await curl(`http://localhost:${port}/api/v1/thing?a=b`);
  assert.equal(clear.status, 308);
  assert.match(clear.head, new RegExp(`location: https://localhost:${port}/api/v1/thing\\?a=b`));
  const followed = await curl("-L", "--cacert", ca, `http://localhost:${port}/api/v1/thing`);
  assert.match(followed.body, /"protocol":"https","body":\{"a":1\}/);
  for (const path of ["/agent/v1/thing", "/rack/v1/thing", "/MAAS/metadata/thing"])
    assert.equal((await curl(`http://localhost:${port}${path}`)).body, '{"protocol":"http","body":{"a":1}}', path);
  for (const path of ["//api/v1/thing", "/agentx", "/MAAS/api/2.0/machines/"])
    assert.equal((await curl("--path-as-is", `http://localhost:${port}${path}`)).status, 308, path);
  assert.equal((await curl("-H", "Host: a/b", `http://localhost:${port}/api/v1/thing`)).status, 400);
  const local = await curl("--unix-socket", join(folder, "region.sock"), "http://local/api/v1/thing");
  assert.equal(local.body, '{"protocol":"http","body":{"a":1}}');

  const { stdout } = await run("sh", [
    "-c",
    `echo | openssl s_client -connect 127.0.0.1:${port} -CAfile ${ca} -verify_return_error 2>/dev/null | openssl x509 -noout -fingerprint -sha256`,
  ]);
  assert.ok(stdout.includes(tls.fingerprint()));
});

test("garbage and silence harm nobody; a certificate of an authority is renewed in its files, a broken one is not taken", async () => {
  const files = { certificate: join(folder, "site.crt"), key: join(folder, "site.key") };
  const write = async () => {
    const made = selfSigned(["localhost"], { from: new Date(Date.now() - 1000), to: new Date(Date.now() + 1e9) });
    await writeFile(files.certificate, made.certificate);
    await writeFile(files.key, made.key);
  };
  await write();
  const { port, tls, warnings } = await serve(files);
  for (const bytes of [
    Buffer.from([0x16, 3, 1, 255, 255, 0]),
    Buffer.from([0]),
    Buffer.alloc(2000, 0x16),
    Buffer.from("\r\n\r\n"),
  ]) {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => undefined);
    await new Promise((resolve) => socket.end(bytes, () => resolve(undefined)));
    socket.resume();
  }
  connect(port, "127.0.0.1")
    .on("error", () => undefined)
    .unref();
  const ask = () => curl("--cacert", files.certificate, `https://localhost:${port}/api/v1/thing`);
  assert.match((await ask()).head, /strict-transport-security: max-age=31536000/);
  const first = tls.fingerprint();
  await write();
  tls.reload();
  assert.notEqual(tls.fingerprint(), first);
  assert.equal((await ask()).status, 200);
  const good = tls.fingerprint();
  const kept = await readFile(files.certificate);
  await writeFile(files.certificate, "half a file");
  tls.reload();
  tls.reload();
  assert.equal(warnings.length, 1);
  assert.equal(tls.fingerprint(), good);
  await writeFile(files.certificate, kept);
  assert.equal((await ask()).status, 200);
});
