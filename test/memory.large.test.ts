import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { chmod, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { event, machine } from "@rackwright/contract";
import { placesFrom, serveDhcp, startControllers } from "@rackwright/cli";
import { z } from "zod";
import { ip, makeWire } from "../rack/dhcp/testing/wire.ts";
import { siteSkip } from "../rack/testing-site.ts";
import { eventually, residentMemory, writeImage } from "../rack/testing.ts";

const mebibyte = 1024 * 1024;
const limit = 300;
const rackUrl = "http://10.77.0.1:5248";

/** A file of so many MiB that no other is like: random where it begins, zeros after. */
function bigFile(mebibytes: number): Buffer {
  const bytes = Buffer.alloc(mebibytes * mebibyte);
  randomBytes(4096).copy(bytes);
  return bytes;
}

test(
  "region and rack together stay below 300 MiB while images come and four machines boot",
  { skip: siteSkip },
  async (t) => {
    const folder = await mkdtemp(join(tmpdir(), "rw-memory-"));
    const wire = makeWire(`rw-memory-${process.pid}`, ["10.77.0.1/24"]);
    const ends: (() => Promise<unknown>)[] = [() => wire.remove(), () => rm(folder, { recursive: true, force: true })];
    t.after(async () => {
      for (const end of ends) await end();
    });
    // The account of the private database must be able to pass through.
    await chmod(folder, 0o711);
    const places = { ...placesFrom(join(folder, "state"), {}), cache: join(folder, "cache") };
    const store = join(places.cache, "images");
    const system = { "boot-kernel": bigFile(10), "boot-initrd": bigFile(40), squashfs: bigFile(200) };
    const files = {
      ephemeral: await writeImage(store, "ephemeral-debian-12", "ephemeral", system),
      deployable: await writeImage(store, "debian-12", "deployable", { squashfs: bigFile(200) }),
    };
    const show = join(folder, "show");
    await writeFile(show, '#!/bin/sh\n[ "$1" = bound ] && ip address replace "$ip/24" dev eth0\nexit 0\n', {
      mode: 0o755,
    });

    const controllers = await startControllers({
      places,
      port: 15_270,
      listen: "127.0.0.1",
      rackNamespace: wire.rack,
      interfaces: ["br0"],
      onProblem: (line) => t.diagnostic(line),
    });
    ends.unshift(() => controllers.stop());
    const { client, region, rack } = controllers;
    const measured = async (when: string) => {
      const [one, other] = [await residentMemory(region.pid() ?? 0), await residentMemory(rack.pid() ?? 0)];
      const mib = (value: number): string => value.toFixed(0);
      t.diagnostic(
        `${when}: region ${mib(one.now)} (at most ${mib(one.peak)}), rack ${mib(other.now)} (at most ${mib(other.peak)}) MiB`,
      );
      return { now: one.now + other.now, peak: one.peak + other.peak };
    };
    await measured("linked");
    await serveDhcp(client, { cidr: "10.77.0.0/24", first: "10.77.0.100", last: "10.77.0.200" });
    for (const hash of [...files.ephemeral, ...files.deployable])
      await eventually("every image is at the rack", () =>
        stat(join(places.state, "rack", "images", "sha256", hash.slice(0, 2), hash)),
      );
    await measured("images fetched");

    const boot = async (n: number): Promise<void> => {
      const station = wire.station(`m${n}`);
      const mac = `52:54:00:0d:00:0${n}`;
      ip("-n", station, "link", "set", "eth0", "address", mac);
      await wire.run(station, "busybox", "udhcpc", "-i", "eth0", "-n", "-q", "-f", "-t", "8", "-T", "1", "-s", show);
      const curl = (...args: string[]): Promise<string> => wire.run(station, "curl", "-sS", "--fail", ...args);
      await curl(`${rackUrl}/ipxe.cfg-${mac.replaceAll(":", "-")}`);
      for (const sha256 of [...files.ephemeral, ...files.deployable]) {
        const got = await curl("-o", "/dev/null", "-w", "%{size_download}", `${rackUrl}/images/${sha256}/file`);
        assert.ok(Number(got) >= 10 * mebibyte, got);
      }
      const card = { name: "eth0", mac, link: true, addresses: [], boot: true };
      const about = { architecture: "amd64", firmware: "uefi", uuid: null, serial: null, bmc: null };
      const interfaces = [{ ...card, speed_mbps: null, vendor: null, product: null, driver: null }];
      const body = JSON.stringify({ ...about, interfaces });
      await curl("-H", "content-type: application/json", "--data", body, `${rackUrl}/agent/v1/enlist`);
    };
    await Promise.all([1, 2, 3, 4].map(boot));
    await measured("four machines booted");

    const page = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item) });
    assert.equal((await client.get("/api/v1/machines", page(machine))).items.length, 4);
    await client.get("/api/v1/events?limit=100", page(event));
    await client.get("/api/v1/openapi.json", z.looseObject({ openapi: z.string() }));
    const { now, peak } = await measured("at the end");
    assert.ok(now < limit, `${now.toFixed(0)} MiB at the end`);
    assert.ok(peak < limit, `${peak.toFixed(0)} MiB at the highest`);
  },
);
