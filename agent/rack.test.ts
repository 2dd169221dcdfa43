import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { authorization, rackAt, RackRefused } from "./rack.ts";
import { StepFailed } from "./failure.ts";
import { downloadImage } from "./install/image.ts";
import { nextBatch, reporterTo } from "./reporter.ts";
import { realWorld } from "./world.ts";
import type { World } from "./world.ts";

const credentials = { consumer_key: "consumer", token_key: "token", token_secret: "se cret&" };
const hurried: World = { ...realWorld(), sleep: async () => undefined };

async function serve(
  handle: (request: IncomingMessage, response: ServerResponse, body: string) => void,
): Promise<{ url: string } & AsyncDisposable> {
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => void (body += text));
    request.on("end", () => handle(request, response, body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test("the OAuth header is PLAINTEXT with an empty consumer secret, percent-encoded once", () => {
  assert.equal(
    authorization(credentials, "n0nce", new Date(1_700_000_000_000)),
    'OAuth oauth_version="1.0", oauth_signature_method="PLAINTEXT", oauth_consumer_key="consumer", oauth_token="token", ' +
      'oauth_signature="%26se%20cret%26", oauth_nonce="n0nce", oauth_timestamp="1700000000"',
  );
});

test("a region that is away for a while is asked again; a refusal is final", async () => {
  let asked = 0;
  await using server = await serve((_, response) => {
    asked++;
    if (asked < 3) return void response.writeHead(503).end("region away");
    response
      .writeHead(200, { "content-type": "application/json" })
      .end(JSON.stringify({ kind: "poweroff", system_id: "abc234", reason: "ready" }));
  });
  assert.deepEqual(await rackAt(hurried, server.url).as(credentials).task(), {
    kind: "poweroff",
    system_id: "abc234",
    reason: "ready",
  });
  assert.equal(asked, 3);

  let refused = 0;
  await using denying = await serve((_, response) => {
    refused++;
    response.writeHead(401).end("who are you");
  });
  await assert.rejects(rackAt(hurried, denying.url).as(credentials).task(), RackRefused);
  assert.equal(refused, 1);
});

test("reports arrive in order and once, though the region was away in between", async () => {
  const taken: number[] = [];
  let through = -1;
  let calls = 0;
  await using server = await serve((_, response, body) => {
    calls++;
    if (calls === 2) return void response.writeHead(502).end();
    for (const report of (JSON.parse(body) as { reports: { sequence: number }[] }).reports) {
      if (report.sequence <= through) continue;
      taken.push(report.sequence);
      through = report.sequence;
    }
    // The answer to the first batch gets lost: the agent must send it again.
    if (calls === 1) return void response.destroy();
    response.writeHead(200).end(JSON.stringify({ through, stop: false, again: false }));
  });
  const reporter = reporterTo(hurried, rackAt(hurried, server.url).as(credentials), "run", () => undefined);
  for (let count = 0; count < 5; count++) reporter.send({ kind: "heartbeat" });
  await reporter.step("a", "A step", async (progress) => progress(50, "half"));
  await reporter.finish("ok");
  assert.deepEqual(taken, [0, 1, 2, 3, 4, 5, 6, 7, 8]);
});

test("a batch stays below what the region takes at once", () => {
  const result = (sequence: number, size: number) =>
    ({
      sequence,
      at: "2026-01-01T00:00:00.000Z",
      kind: "result",
      name: "lshw",
      exit_status: 0,
      runtime: 1,
      output: "x".repeat(size),
      error: "",
    }) as const;
  assert.deepEqual(
    nextBatch([result(0, 600_000), result(1, 600_000)]).map((report) => report.sequence),
    [0],
  );
  assert.deepEqual(
    nextBatch([result(0, 2_000_000), result(1, 1)]).map((report) => report.sequence),
    [0],
  );
  assert.equal(nextBatch(Array.from({ length: 500 }, (_, sequence) => result(sequence, 10))).length, 200);
});

test("an image whose contents are not what its hash says is refused and removed", async () => {
  const folder = await mkdtemp(join(tmpdir(), "rackwright-agent-"));
  try {
    const good = Buffer.alloc(3_000_000, "rack");
    await using server = await serve(
      (request, response) => void response.end(request.url === "/good" ? good : Buffer.alloc(good.length, "evil")),
    );
    const source = {
      type: "squashfs",
      image: "debian-12",
      sha256: createHash("sha256").update(good).digest("hex"),
      size: good.length,
    } as const;
    const file = join(folder, "image");
    await downloadImage(hurried, server.url, { ...source, path: "/good" }, file, () => undefined);
    assert.deepEqual(await readFile(file), good);
    await assert.rejects(
      downloadImage(hurried, server.url, { ...source, path: "/bad" }, file, () => undefined),
      (error: unknown) => error instanceof StepFailed && error.failure.code === "image-hash-mismatch",
    );
    await assert.rejects(stat(file), { code: "ENOENT" });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
