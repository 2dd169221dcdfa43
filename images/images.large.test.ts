import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { ImageManifest } from "@rackwright/contract";
import { blobPath, buildImages, hostRunner, isComplete } from "./index.ts";
import { type Machine, emptyServer, startMachine, testMac } from "./testing/machine.ts";

const cache = process.env["RACKWRIGHT_CACHE"] ?? "/var/cache/rackwright";
const store = join(cache, "images");
let scratch = "";
let manifests: ImageManifest[] = [];
before(
  async () => {
    scratch = await mkdtemp(join(tmpdir(), "rw-images-"));
    const bundle = join(scratch, "agent.mjs");
    await writeFile(bundle, "");
    manifests = await buildImages({
      store,
      cache: join(cache, "build"),
      architecture: "amd64",
      run: hostRunner(process.env),
      agent: { bundle },
      node: process.execPath,
      progress: ({ image, percent, message }) => void process.stderr.write(`${image}: ${percent ?? ""} ${message}\n`),
    });
  },
  { timeout: 1_800_000 },
);
after(() => rm(scratch, { recursive: true }));

function blob(name: string, role: string): string {
  const file = manifests.find((manifest) => manifest.name === name)?.files.find((file) => file.role === role);
  assert.ok(file, `${name} has no ${role}`);
  return blobPath(store, file.sha256);
}

/** A machine that boots the ephemeral system with its root at a path where nothing is. */
function bootWithoutRoot(): Machine {
  const image = "ephemeral-debian-12";
  const line = [
    `console=ttyS0 nomodeset root=squash:${emptyServer}/nowhere ip=::::crab:BOOTIF:dhcp ip6=off`,
    `cc:{'datasource_list': ['MAAS']}end_cc cloud-config-url=${emptyServer}/preseed ro rackwright.tries=2`,
    `BOOTIF=01-${testMac.replaceAll(":", "-")}`,
  ].join(" ");
  return startMachine(["-kernel", blob(image, "boot-kernel"), "-initrd", blob(image, "boot-initrd"), "-append", line]);
}

test("every image is in the store, byte for byte", async () => {
  assert.deepEqual(
    manifests.map((manifest) => manifest.name),
    ["bootloaders", "ephemeral-debian-12", "debian-12"],
  );
  for (const manifest of manifests) assert.ok(await isComplete(store, manifest, "sha256"), manifest.name);
});

test(
  "a root image that cannot be had is named on the console, and the machine restarts",
  { timeout: 180_000 },
  async () => {
    const machine = bootWithoutRoot();
    try {
      await machine.until(
        /could not fetch http:\/\/192\.0\.2\.1:5248\/nowhere \(.*404.*\), try 1; next in 2 seconds/,
        90_000,
      );
      await machine.until(/FAILED: could not fetch .* after 2 tries/, 30_000);
      await machine.until(/reboot: Restarting system/, 60_000);
    } finally {
      await machine.stop();
    }
  },
);
