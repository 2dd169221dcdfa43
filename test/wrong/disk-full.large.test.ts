import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import { promisify } from "node:util";
import { databaseDiskFull, databaseDown, machineDetail } from "@rackwright/contract";
import { writeImage } from "./images.ts";
import type { WrittenImage } from "./images.ts";
import { openIncident } from "./incident.ts";

const run = promisify(execFile);

/** A file system of its own below the state folder, of so many MiB, for as long as the site lives. */
async function smallDisk(folder: string, mebibytes: number, stack: AsyncDisposableStack): Promise<void> {
  await mkdir(folder, { recursive: true });
  await run("mount", ["-t", "tmpfs", "-o", `size=${mebibytes}m,mode=755`, "tmpfs", folder]);
  stack.defer(async () => void (await run("umount", ["--lazy", folder])));
}

/** Writes until a write is refused, and gives the refusal. */
async function fill(write: () => Promise<void>): Promise<unknown> {
  for (let tries = 0; tries < 5000; tries++) {
    try {
      await write();
    } catch (error) {
      return error;
    }
  }
  return undefined;
}

await test("the rack's disk is full while it fetches an image", { timeout: 60_000 }, async () => {
  const kernel = randomBytes(12 * 1024 * 1024);
  const written: { image?: WrittenImage } = {};
  await using incident = await openIncident({
    name: "rackfull",
    port: 15262,
    images: async (store) => {
      written.image = await writeImage(store, "large", "ephemeral", { "boot-kernel": kernel });
    },
    prepare: ({ state, stack }) => smallDisk(join(state, "rack"), 8, stack),
  });
  const { site } = incident;
  const hash = written.image?.files.get("boot-kernel")?.sha256 ?? "";
  const station = await incident.plug("reader", "02:00:5e:00:03:01");

  const told = await incident.event("rack.problem", "the rack complains", (event) => event.failure !== null);
  assert.equal(told.failure?.code, "rack-disk-full");
  assert.match(told.failure?.message ?? "", new RegExp(`no space left in .*/rack/images for ${hash}`));
  assert.match(told.failure?.next ?? "", /^Free space on this file system/);
  assert.ok(
    (told.failure?.evidence ?? []).every((line) => /^[0-9a-f]{64} \d+ bytes, last used /.test(line)),
    "the evidence lists what could go",
  );

  const lease = await station.lease("-V", "PXEClient:Arch:00007:UNDI:003016", "-x", "0x5d:0007");
  assert.equal(lease?.["boot_file"], "bootx64.efi", "addresses and small files are served all the while");
  assert.equal((await station.get(`tftp://${site.lab.rackAddress}/bootx64.efi`)).body, "shim");
  const refused = await station.get(`${incident.http}/images/${hash}/boot-kernel`);
  assert.deepEqual(refused, { status: 503, body: refused.body });
  assert.match(refused.body, /the rack cannot fetch this image now/);

  await run("mount", ["-o", "remount,size=64m", join(site.state, "rack")]);
  const size = ["-o", "/dev/null", "-w", "%{size_download}\n%{http_code}"];
  const got = await station.get(`${incident.http}/images/${hash}/boot-kernel`, ...size);
  assert.deepEqual(got, { status: 200, body: String(kernel.length) });
  await incident.sameProcesses();
});

await test("the disk under the region's database is full", { timeout: 90_000 }, async (t) => {
  await using incident = await openIncident({
    name: "basefull",
    port: 15263,
    prepare: ({ state, stack }) => smallDisk(join(state, "region"), 160, stack),
  });
  const { site } = incident;
  const { client } = site.controllers;
  const filler = join(site.state, "region", "filler");
  const made: string[] = [];
  const make = async (): Promise<void> => {
    const mac = `02:00:5e:01:${[made.length >> 8, made.length & 255].map((n) => n.toString(16).padStart(2, "0")).join(":")}`;
    made.push((await client.send("POST", "/api/v1/machines", { macs: [mac] }, machineDetail)).id);
  };
  await make();
  const known = await incident.plug("known", "02:00:5e:00:03:02");
  const lease = await known.lease();
  assert.ok(lease);

  await writeFile(filler, Buffer.alloc(200 * 1024 * 1024)).catch((error: NodeJS.ErrnoException) => {
    assert.equal(error.code, "ENOSPC");
  });
  const refusal = await fill(make);
  assert.ok(refusal instanceof Error);
  t.diagnostic(`after ${made.length} writes: ${refusal.message}`);
  // PostgreSQL refuses a statement when a table cannot grow, and ends and starts again when its log cannot.
  assert.match(refusal.message, /^The database (cannot store anything: the disk it is on is full|does not answer)/);
  const steps: string[] = [databaseDiskFull.next, databaseDown.next];
  assert.ok("next" in refusal && steps.includes(String(refusal.next)), "it says what to do");
  assert.equal((await known.lease())?.["ip"], lease["ip"], "a known lease is renewed from memory");

  await rm(filler);
  await site.until("a machine can be made known again", 40, async () => {
    await make();
    return true;
  });
  const stored = new Set<string>();
  for await (const { id } of client.all("/api/v1/machines?limit=200", machineDetail.pick({ id: true }))) stored.add(id);
  assert.deepEqual(
    made.filter((id) => !stored.has(id)),
    [],
    "nothing acknowledged is lost",
  );
  assert.match(await incident.logs(), /No space left on device|disk it is on is full/);
  const newcomer = await incident.plug("newcomer", "02:00:5e:00:03:03");
  assert.ok(await newcomer.lease(), "new leases are stored again");
});
