import assert from "node:assert/strict";
import { join } from "node:path";
import test from "node:test";
import { z } from "zod";
import { clientMessage } from "./dhcp-messages.ts";
import { ask } from "./exchange.ts";
import type { Exchange } from "./exchange.ts";
import { openIncident } from "./incident.ts";
import { spoiltMessages } from "./mutations.ts";

const mac = "02:00:5e:00:07:01";
const address = (text: string): Uint8Array => Uint8Array.from(text.split(".").map(Number));
const port = 15267;

const dhcp = [
  clientMessage("discover", mac),
  clientMessage("request", mac, {}, "firmware", [
    [50, address("10.77.0.100")],
    [54, address("10.77.0.1")],
  ]),
  clientMessage("inform", mac, { clientAddress: "10.77.0.20" }),
  clientMessage("decline", mac, {}, "system", [[50, address("10.77.0.240")]]),
  clientMessage("discover", mac, { relayAddress: "10.77.0.9" }, "firmware", [[82, Uint8Array.of(1, 2, 65, 66)]]),
  clientMessage("offer", mac, { op: 2, yourAddress: "10.77.0.66" }, "system", [[54, address("10.77.0.2")]]),
];
const tftp = [
  Buffer.from("\0\u0001bootx64.efi\0octet\0tsize\x000\0blksize\x001468\0windowsize\x004\0", "latin1"),
  Buffer.from("\0\u0001grub/grub.cfg-52:54:00:00:00:01\0netascii\0", "latin1"),
  Buffer.from("\0\u0002upload\0octet\0", "latin1"),
  Buffer.from("\0\u0004\0\u0001", "latin1"),
];
const head = "Host: rack\r\nContent-Type: application/json\r\n";
const http = [
  `GET /ipxe.cfg-52-54-00-00-00-01 HTTP/1.1\r\n${head}Range: bytes=0-9,5-\r\n\r\n`,
  `POST /MAAS/metadata/status/abcdef HTTP/1.1\r\n${head}Content-Length: 12\r\n\r\n{"name":"x"}`,
  `POST /agent/v1/enlist HTTP/1.1\r\n${head}Transfer-Encoding: chunked\r\n\r\n5\r\n{"a":\r\n2\r\n1}\r\n0\r\n\r\n`,
  `POST /api/v1/machines HTTP/1.1\r\n${head}Content-Length: 2\r\nAuthorization: Bearer x\r\n\r\n{}`,
  `GET /images/${"a".repeat(64)}/x HTTP/1.1\r\n${head}\r\nGET / HTTP/1.1\r\n\r\n`,
].map((text) => Buffer.from(text, "latin1"));
const upgrade =
  `GET /rack/v1/link HTTP/1.1\r\nHost: r\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
  `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${Buffer.alloc(16).toString("base64")}\r\n\r\n`;
/** A masked text frame (RFC 6455 5.2) with a mask of zeros. */
const frame = (text: string): Buffer =>
  Buffer.concat([Buffer.from([0x81, 0x80 | 126, text.length >> 8, text.length & 255, 0, 0, 0, 0]), Buffer.from(text)]);
const proof = JSON.stringify({ rack: "a", nonce: "0".repeat(64), proof: "0".repeat(64) });
const hello = JSON.stringify({ id: 1, method: "rack.hello", params: { version: "1", http_port: 1, interfaces: [] } });
const link = [proof, hello, "no proof at all"].map((text) =>
  Buffer.concat([Buffer.from(upgrade), frame(text), frame(hello)]),
);

/** In turns of sixteen, for a server rightly refuses hundreds of connections of one host at once. */
async function throwAt(where: { host: string; port: number } | { path: string }, messages: string[]): Promise<void> {
  const lanes = Array.from({ length: 16 }, async (_, lane) => {
    for (let at = lane; at < messages.length; at += 16) await ask(where, Buffer.from(messages[at] ?? "", "base64"), 60);
  });
  await Promise.all(lanes);
}

await test("somebody sends garbage to every port", { timeout: 120_000 }, async (t) => {
  await using incident = await openIncident({ name: "garbage", port });
  const { site } = incident;
  const { rackAddress: host } = site.lab;
  const vandal = await incident.plug("vandal", "02:00:5e:00:07:02", "10.77.0.20");
  const citizen = await incident.plug("citizen", "02:00:5e:00:07:03");
  const alright = async (): Promise<void> => {
    await incident.sameProcesses();
    const lease = await citizen.lease("-V", "PXEClient:Arch:00007:UNDI:003016", "-x", "0x5d:0007");
    assert.equal(lease?.["boot_file"], "bootx64.efi");
    assert.equal((await citizen.get(`tftp://${host}/bootx64.efi`)).body, "shim");
    assert.match((await citizen.get(`${incident.http}/ipxe.cfg-02-00-5e-00-07-03`)).body, /^#!ipxe\n/);
    await site.controllers.client.get("/api/v1/status", z.object({ version: z.string() }));
  };
  const udp = (number: number, packets: string[]): Exchange => ({
    kind: "udp",
    host,
    port: number,
    packets,
    wait: 200,
  });

  await alright();

  await t.test("6000 spoilt DHCP packets: one report in five seconds, and the next client is served", async () => {
    await vandal.exchange([udp(67, spoiltMessages(dhcp, 6000, 1))]);
    await alright();
    const told = await incident.event("dhcp.malformed", "the report is in the stream", () => true);
    assert.equal(told.level, "warning");
    assert.match(told.message, /^DHCP: .*\d+ packets were not valid DHCP/);
    assert.equal(told.failure?.code, "dhcp-malformed");
    assert.match(JSON.stringify(told.data["evidence"]), /malformed: from 10\.77\.0\.20 on /);
    const reports = (await incident.allEvents()).filter(({ type }) => type === "dhcp.malformed");
    const times = reports.map(({ at }) => Date.parse(at)).toSorted((a, b) => a - b);
    // A timer may fire a little early by the wall clock, so four seconds stand for five.
    for (const [n, at] of times.entries()) assert.ok(n === 0 || at - (times[n - 1] ?? at) > 4000, times.join(" "));
    assert.equal((await incident.allEvents()).filter(({ data }) => data["code"] === "dhcp-defect").length, 0);
  });

  await t.test("6000 spoilt TFTP requests: the region hears of some, and the next client is served", async () => {
    await vandal.exchange([udp(69, spoiltMessages(tftp, 6000, 2))]);
    await alright();
    const told = await incident.event(
      "tftp.failed",
      "a refusal is in the stream",
      ({ data }) => data["reason"] === "refused",
    );
    assert.match(told.message, /^TFTP to 10\.77\.0\.20: /);
  });

  await t.test("2000 spoilt HTTP requests to the rack", async () => {
    const messages = spoiltMessages(http, 2000, 3);
    await vandal.exchange(messages.map((bytes) => ({ kind: "tcp", host, port: 5248, bytes, wait: 60 })));
    await alright();
  });

  await t.test(
    "2000 spoilt HTTP requests and link handshakes to the region, by TCP and by the racks' socket",
    async () => {
      const path = join(site.state, "region", "region.sock");
      await throwAt({ host: "127.0.0.1", port }, spoiltMessages([...http, ...link], 1000, 4));
      await throwAt({ path }, spoiltMessages([...http, ...link], 1000, 5));
      await alright();
      assert.deepEqual(await site.machines(), [], "garbage enlists no machine");
      const { items } = await site.controllers.client.get(
        "/api/v1/racks",
        z.object({ items: z.array(z.object({ connected: z.boolean() })) }),
      );
      assert.deepEqual(items, [{ connected: true }]);
    },
  );

  await t.test("all of it left the stream readable and the logs without a defect", async () => {
    const events = await incident.allEvents();
    t.diagnostic(`${events.length} events`);
    assert.ok(events.length < 40_000);
    assert.doesNotMatch(await incident.logs(), /a defect|by a defect|uncaught|unhandled/i);
  });
});
