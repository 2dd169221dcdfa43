import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import type { Failure, InstallPlan } from "@rackwright/contract";
import { asFailure } from "./failure.ts";
import { installBootLoader } from "./install/bootloader.ts";
import { downloadImage, unpackImage } from "./install/image.ts";
import { prepareStorage } from "./install/storage.ts";
import { architectureOf } from "./inventory/index.ts";
import { blameMemory } from "./memory.ts";
import { rackAt } from "./rack.ts";
import { realWorld, type World } from "./world.ts";

const hurried: World = { ...realWorld(), sleep: async () => undefined };
const credentials = { consumer_key: "c", token_key: "t", token_secret: "s" };
const quiet = (): void => undefined;

async function serve(handle: RequestListener): Promise<{ url: string } & AsyncDisposable> {
  const server = createServer(handle);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function scratch(): Promise<{ folder: string } & AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), "rackwright-agent-"));
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}

/** The failure a piece of work ends with. */
async function failing(work: () => unknown): Promise<Failure> {
  try {
    await work();
  } catch (error) {
    return asFailure(error);
  }
  throw new Error("it did not fail");
}

const content = Buffer.alloc(500_000, "image");
const source: InstallPlan["source"] = {
  type: "squashfs",
  image: "debian-12",
  path: "/image",
  sha256: createHash("sha256").update(content).digest("hex"),
  size: content.length,
};

test("a rack that never answers well is told with its last answer", async () => {
  await using server = await serve((_, response) => void response.writeHead(503).end("no region"));
  const told = await failing(() => rackAt(hurried, server.url).as(credentials).task());
  assert.equal(told.code, "rack-unreachable");
  assert.deepEqual(told.evidence, ["503 no region"]);
});

test("an image the rack does not have, and one whose transfer breaks off", async () => {
  await using place = await scratch();
  await using refusing = await serve((_, response) => void response.writeHead(503).end());
  // Asked again by curl itself, with pauses that are its own: without them here.
  const once: World = {
    ...hurried,
    run: (argv, options) =>
      hurried.run(
        argv.filter((word) => !/^(--retry(-all-errors)?|5)$/.test(word)),
        options,
      ),
  };
  const file = join(place.folder, "image");
  const absent = await failing(() => downloadImage(once, refusing.url, source, file, quiet));
  assert.equal(absent.code, "image-unavailable");
  assert.match(absent.evidence.join("\n"), /GET .*\/image\ncurl: \(22\).*503/);
  await using breaking = await serve((_, response) => {
    response.writeHead(200, { "content-length": String(content.length) });
    response.write(content.subarray(0, 100_000), () => response.destroy());
  });
  const broken = await failing(() => downloadImage(once, breaking.url, source, file, quiet));
  assert.equal(broken.code, "image-transfer-broken");
  assert.match(broken.evidence.join("\n"), /curl: \((18|56)\)/);
});

test("an image that is no squashfs cannot be unpacked", async () => {
  await using place = await scratch();
  const file = join(place.folder, "image");
  await writeFile(file, "no squashfs at all");
  await mkdir(join(place.folder, "target"));
  const told = await failing(() => unpackImage(hurried, file, join(place.folder, "target"), quiet));
  assert.equal(told.code, "image-unpack-failed");
  assert.match(told.evidence[0] ?? "", /^\$ unsquashfs /);
});

test("a disk that cannot be written to, and one that is not there", async () => {
  const disk = (path: string) =>
    ({ version: 1, config: [{ id: "d", type: "disk", path, ptable: "gpt", wipe: "superblock" }] }) as const;
  const storage = (path: string) => ({ ...disk(path), config: [...disk(path).config] });
  const unwritable = await failing(() => prepareStorage(hurried, storage("/dev/null"), "/nowhere", quiet));
  assert.equal(unwritable.code, "storage-failed");
  assert.match(unwritable.message, /^(Wiping|Partitioning) \/dev\/null: (wipefs|sgdisk) ended with status/);
  const missing = await failing(() => prepareStorage(hurried, storage("/dev/not-there"), "/nowhere", quiet));
  assert.equal(missing.code, "disk-missing");
});

test("a boot loader the image does not carry", async () => {
  await using place = await scratch();
  await mkdir(join(place.folder, "boot"));
  // Mounting needs root and a real /proc; everything else is as on a machine.
  const unmounted: World = {
    ...hurried,
    run: (argv, options) => (argv[0] === "mount" ? hurried.run(["true"], options) : hurried.run([...argv], options)),
  };
  const layout = { devices: new Map(), mounts: [], swaps: [], specials: [], bootDisk: "/dev/null" };
  const plan = { firmware: "bios", kernel_options: "" } as InstallPlan;
  const told = await failing(() => installBootLoader(unmounted, plan, layout, place.folder, quiet));
  assert.equal(told.code, "boot-loader-failed");
  assert.match(told.evidence.join("\n"), /^\$ grub-install [^]*chroot: failed to run command/);
});

test("a processor nobody knows, and an error nobody foresaw", async () => {
  const told = await failing(() => architectureOf("riscv64\n"));
  assert.equal(told.code, "architecture-unknown");
  assert.match(told.message, /architecture is riscv64; Rackwright knows amd64|x86_64/);
  const defect = asFailure(new TypeError("undefined is not a function"));
  assert.equal(defect.code, "agent-defect");
  assert.match(defect.evidence.join("\n"), /failures\.test\.ts/);
});

test("a program that was killed is the victim of the memory only where the kernel says so", async () => {
  const victim = asFailure(new Error("Unpacking the image: unsquashfs ended with status 137."));
  const kernel = [
    "[   60.1] oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),task=unsquashfs,pid=812,uid=0",
    "[   60.2] Out of memory: Killed process 812 (unsquashfs) total-vm:900000kB, anon-rss:800000kB",
  ];
  const worldOf = (log: readonly string[]): World => ({
    ...hurried,
    run: async () => ({ status: 0, output: log.join("\n"), error: "", seconds: 0, timedOut: false }),
  });
  const told = await blameMemory(worldOf(["[    1.0] Linux version 6.1", ...kernel]), victim);
  assert.equal(told.code, "out-of-memory");
  assert.deepEqual(told.evidence.slice(0, 2), kernel);
  assert.equal((await blameMemory(worldOf(["[    1.0] Linux version 6.1"]), victim)).code, "agent-defect");
  const other = asFailure(new Error("it ended with status 1"));
  assert.equal(await blameMemory(worldOf(kernel), other), other);
});
