import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { failureOf, linkProofOf, type RackConfig } from "@rackwright/contract";
import { WebSocketServer } from "ws";
import { linkUrl, parseRegion } from "./address.ts";
import { RegionLink, type RegionLinkOptions } from "./link.ts";
import { emptyConfig, noLog, testRegion, testSecret, until } from "./testing.ts";

const times = { firstPause: 5, longestPause: 20, handshake: 500 };
function makeLink(regions: string[], more: Partial<RegionLinkOptions> = {}) {
  const configs: RackConfig[] = [];
  const states: boolean[] = [];
  const link = new RegionLink({
    name: "rack1",
    secret: testSecret,
    regions,
    hello: () => Promise.resolve({ version: "1", http_port: 5248, interfaces: [] }),
    configure: (config) => {
      configs.push(config);
      return Promise.resolve();
    },
    perform: () => Promise.resolve({ state: "off" }),
    explain: () => Promise.reject(new Error("not asked")),
    changed: (linked) => states.push(linked),
    log: noLog,
    times,
    ...more,
  });
  link.start();
  return { link, configs, states };
}

test("regions are read from the command line's form and turned into addresses", () => {
  assert.deepEqual(parseRegion("http://10.0.0.1:80"), { host: "10.0.0.1", port: 80 });
  assert.deepEqual(parseRegion("http://region"), { host: "region", port: 5240 });
  assert.deepEqual(parseRegion("http://[fd00::1]:1234"), { host: "fd00::1", port: 1234 });
  assert.equal(linkUrl(parseRegion("unix:/run/r.sock"), "/p"), "ws+unix:/run/r.sock:/p");
  assert.equal(linkUrl(parseRegion("http://[fd00::1]:1234"), "/p"), "ws://[fd00::1]:1234/p");
  for (const bad of ["", "https://x", "unix:relative", "http://x/path", "10.0.0.1"])
    assert.throws(() => parseRegion(bad), /allowed are http:\/\/host\[:port\] and unix:\/path/, bad);
});

test("links over TCP and over a Unix socket, takes configuration, calls and is called", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "rw-link-"));
  t.after(() => rm(folder, { recursive: true }));
  for (const path of [undefined, join(folder, "region.sock")]) {
    const handlers = { "lease.report": () => Promise.resolve({}) };
    const region = await testRegion(path === undefined ? { handlers } : { handlers, path });
    const { link, configs } = makeLink([region.url]);
    await until(() => link.linked, "the link");
    assert.deepEqual(await link.call("lease.report", { reports: [] }), {});
    assert.deepEqual(await region.peers[0]?.call("config.update", { ...emptyConfig, version: 2 }), {});
    assert.deepEqual(
      configs.map(({ version }) => version),
      [1, 2],
    );
    const asked = { driver: "manual", parameters: {}, action: "query", boot_device: null, stop_mode: "hard" } as const;
    assert.deepEqual(await region.peers[0]?.call("power.perform", asked), { state: "off" });
    await link.stop();
    await region.close();
  }
});

test("links again after the region was killed, and goes on to the next region of the list", async () => {
  const first = await testRegion();
  const second = await testRegion();
  const { link, states } = makeLink([first.url, second.url]);
  await until(() => link.linked, "the first link");
  first.cut();
  await until(() => states.length >= 3 && link.linked, "the second link");
  await first.close();
  await second.close();
  await until(() => !link.linked, "the loss");
  await assert.rejects(link.call("lease.report", { reports: [] }), (error) => failureOf(error)?.code === "link-lost");
  const again = await testRegion({ port: Number(new URL(second.url).port) });
  await until(() => link.linked, "the third link");
  await link.stop();
  await again.close();
  assert.deepEqual(states, [true, false, true, false, true, false]);
});

test("a region with another secret is not linked, whichever side notices", async () => {
  const warned: string[] = [];
  const log = { ...noLog, warn: (fields: object) => warned.push(JSON.stringify(fields)) };
  const region = await testRegion({ secret: Buffer.alloc(32, 9) });
  const { link } = makeLink([region.url], { log });
  await until(() => warned.length > 0, "the refusal");
  assert.match(warned[0] ?? "", /compare its name and its secret file/);
  await link.stop();
  await region.close();
});

test("a program that only pretends to be the region learns nothing and is refused", async () => {
  const sockets = new WebSocketServer({ noServer: true });
  const server = createServer().on("upgrade", (request, socket, head) =>
    sockets.handleUpgrade(request, socket, head, (ws) => {
      ws.on("message", (data: Buffer) => {
        const { nonce } = JSON.parse(data.toString("utf8")) as { nonce: string };
        // The rack's own proof, played back, is not the region's.
        ws.send(JSON.stringify({ proof: linkProofOf(Buffer.alloc(32, 3), "region", "rack1", nonce, "0".repeat(64)) }));
      });
      ws.send(JSON.stringify({ challenge: "0".repeat(64) }));
    }),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const warned: string[] = [];
  const log = { ...noLog, warn: (fields: object) => warned.push(JSON.stringify(fields)) };
  const { link } = makeLink([`http://127.0.0.1:${(server.address() as AddressInfo).port}`], { log });
  await until(() => warned.length > 0, "the refusal");
  assert.match(warned[0] ?? "", /it is not our region/);
  assert.equal(link.linked, false);
  await link.stop();
  server.close();
});

test("a region that falls silent is given up", async () => {
  const silent = await testRegion();
  const { link, states } = makeLink([silent.url], { times: { ...times, silence: 60 } });
  await until(() => states.includes(false), "the end of the silent link");
  await link.stop();
  await silent.close();
  const alive = await testRegion({ pingEvery: 10 });
  const kept = makeLink([alive.url], { times: { ...times, silence: 200 } });
  await until(() => kept.link.linked);
  await new Promise((resolve) => setTimeout(resolve, 500));
  assert.deepEqual(kept.states, [true]);
  await kept.link.stop();
  await alive.close();
});
