import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import { ask } from "./exchange.ts";
import type { Answer } from "./exchange.ts";
import { openIncident } from "./incident.ts";

const secret = "this line lies outside of every served folder";

/** Ways to write "one folder up" that some server has fallen for. */
const ups = [
  "..",
  "..\\",
  "%2e%2e",
  "%2E.",
  ".%2e",
  "%252e%252e",
  "..%2f",
  "..%5c",
  "..%c0%af",
  "..%252f",
  "%c0%ae%c0%ae",
  "%uff0e%uff0e",
  "....//",
  "..;",
  "..%00",
  "..\u0000",
  ". .",
  "\uff0e\uff0e",
];
const prefixes = ["", "images/", "grub/", "MAAS/", "MAAS/metadata/", "agent/v1/", "rack/v1/images/", "api/v1/"];

/** Every way to ask for files by climbing out of a folder, for one absolute file. */
function climbs(target: string): string[] {
  const inner = target.replace(/^\//, "");
  const names = [target, `/${target}`, `file://${target}`, `\\${inner.replaceAll("/", "\\")}`];
  for (const prefix of prefixes) {
    for (const up of ups) {
      const climb = (up.endsWith("/") || up.endsWith("\\") ? up : `${up}/`).repeat(8);
      names.push(`/${prefix}${climb}${inner}`);
    }
  }
  const hash = "a".repeat(64);
  return [...names, `/images/${hash}/../../../../../..${target}`, `/images/${"../".repeat(8)}${inner}/x`];
}

const request = (path: string): string =>
  `GET ${path} HTTP/1.1\r\nHost: rack\r\nConnection: close\r\nX-Forwarded-For: 127.0.0.1\r\n\r\n`;
const text = ({ bytes, packets }: Answer): string =>
  [bytes, ...packets].map((each) => Buffer.from(each, "base64").toString("latin1")).join("\n");

await test("somebody climbs out of the served folders", { timeout: 60_000 }, async (t) => {
  await using incident = await openIncident({ name: "climb", port: 15265 });
  const { site } = incident;
  const { rackAddress } = site.lab;
  const bait = join(site.state, "bait");
  await writeFile(bait, secret);
  const secrets = [secret, "root:", (await readFile(join(site.state, "rack.secret"), "utf8")).trim()];
  const targets = [bait, "/etc/passwd", join(site.state, "rack.secret")];
  const paths = targets.flatMap(climbs);
  const station = await incident.plug("climber", "02:00:5e:00:05:01", "10.77.0.20");
  const clean = (answers: string[]): void => {
    for (const [at, answer] of answers.entries())
      for (const each of secrets) assert.ok(!answer.includes(each), `${paths[at]} gives ${answer.slice(0, 300)}`);
  };
  const status = (answer: string): number => Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]);

  await t.test(`over HTTP at the rack, in ${paths.length} spellings`, async () => {
    const answers = await station.exchange(
      paths.map((path) => ({
        kind: "tcp",
        host: rackAddress,
        port: 5248,
        bytes: Buffer.from(request(path)).toString("base64"),
        wait: 5000,
      })),
    );
    clean(answers.map(text));
    const statuses = answers.map((each) => status(text(each)));
    const unexpected = statuses.flatMap((each, at) => ([400, 403, 404].includes(each) ? [] : [`${each} ${paths[at]}`]));
    assert.deepEqual(unexpected, []);
    const told = await incident.event("http.failed", "the attempts are in the stream", (event) =>
      /path contains '\.\.'/.test(event.message),
    );
    assert.equal(told.data["status"], 403);
  });

  await t.test("over TFTP, in the same spellings", async () => {
    const packet = (path: string): string => Buffer.from(`\0\u0001${path}\0octet\0`, "utf8").toString("base64");
    const answers = await station.exchange(
      paths.map((path) => ({ kind: "udp", host: rackAddress, port: 69, packets: [packet(path)], wait: 150 })),
    );
    clean(answers.map(text));
    // RFC 1350 section 5: opcode 5 is ERROR; a DATA block would be opcode 3, an OACK 6.
    const opcodes = answers.flatMap(({ packets }) =>
      packets.map((each) => Buffer.from(each, "base64").readUInt16BE(0)),
    );
    assert.deepEqual([...new Set(opcodes)], [5]);
    assert.ok(opcodes.length > paths.length / 2, `${opcodes.length} of ${paths.length} were answered`);
    const told = await incident.event("tftp.failed", "the attempts are in the stream", (event) =>
      /path contains '\.\.'/.test(event.message),
    );
    assert.equal(told.data["reason"], "refused");
  });

  await t.test("at the region's web page, its images for racks and its sockets", async () => {
    const regionSocket = join(site.state, "region", "region.sock");
    const places = [{ host: "127.0.0.1", port: 15265 }, { path: regionSocket }];
    for (const where of places) {
      const answers: string[] = [];
      for (const path of paths) {
        const got = (await ask(where, Buffer.from(request(path)), 5000)).toString("latin1");
        answers.push(got);
        const found = status(got);
        assert.ok([400, 401, 403, 404, 414].includes(found), `${path} gives ${got.slice(0, 200)}`);
      }
      clean(answers);
    }
    assert.match((await ask(places[0] ?? { port: 0 }, Buffer.from(request("/")), 5000)).toString(), /<!doctype html>/i);
  });

  await t.test("the next reader is served, by the same processes", async () => {
    assert.equal((await station.get(`tftp://${rackAddress}/bootx64.efi`)).body, "shim");
    assert.equal((await station.get(`${incident.http}/images/bootx64.efi`)).body, "shim");
    await incident.sameProcesses();
  });
});
