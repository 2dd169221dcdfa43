import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { ImageManifest } from "@rackwright/contract";
import { blobPath, buildImages, hostRunner, isComplete } from "./index.ts";
import { type Machine, metadataBase, startMachine, testMac } from "./testing/machine.ts";

const cache = process.env["RACKWRIGHT_CACHE"] ?? "/var/cache/rackwright";
const store = join(cache, "images");
const tools =
  "lshw dmidecode lspci lsusb ipmitool sgdisk mdadm lvm mkfs.ext4 mkfs.xfs mkfs.vfat unsquashfs grub-install curl " +
  "smartctl nvme hdparm ethtool ip parted zstd sshd stress-ng memtester fio 7z badblocks lldpd lldpctl netplan unzip";
const userData = `#!/bin/sh
exec >/dev/console 2>&1
echo "RW reached $(cut -d ' ' -f 1 /proc/uptime)"
for tool in ${tools}; do command -v "$tool" >/dev/null || echo "RW missing $tool"; done
for module in ipmi_si ipmi_devintf e1000e igb ixgbe i40e ice tg3 bnx2 bnx2x bnxt_en mlx4_en mlx5_core r8169 nvme ahci \\
  megaraid_sas mpt3sas hpsa aacraid smartpqi virtio_blk virtio_scsi; do
  modinfo "$module" >/dev/null 2>&1 || echo "RW missing $module"
done
echo "RW node $(/usr/lib/rackwright/node --version)"
echo "RW agent $(wc -c </usr/lib/rackwright/agent.mjs)"
echo "RW name $(hostname)"
echo "RW failed units: $(systemctl list-units --failed --plain --no-legend | wc -l)"
echo "RW ssh $(timeout 60 bash -c 'exec 3<>/dev/tcp/127.0.0.1/22; head -n 1 <&3' 2>&1)"
echo "RW end"
`;

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

function bootEphemeral(name: string, squashfs: string, more: string): Machine {
  const image = "ephemeral-debian-12";
  const line = [
    `console=ttyS0 nomodeset root=squash:${metadataBase}${squashfs} ip=::::crab:BOOTIF:dhcp ip6=off`,
    `cc:{'datasource_list': ['MAAS']}end_cc cloud-config-url=${metadataBase}/preseed ro ${more}`,
    `BOOTIF=01-${testMac.replaceAll(":", "-")}`,
  ].join(" ");
  return startMachine({
    name,
    scratch,
    files: { "/squashfs": blob(image, "squashfs") },
    userData,
    arguments: ["-kernel", blob(image, "boot-kernel"), "-initrd", blob(image, "boot-initrd"), "-append", line],
  });
}

test("every image is in the store, byte for byte", async () => {
  assert.deepEqual(
    manifests.map((manifest) => manifest.name),
    ["bootloaders", "ephemeral-debian-12", "debian-12"],
  );
  for (const manifest of manifests) assert.ok(await isComplete(store, manifest, "sha256"), manifest.name);
});

test(
  "the ephemeral system fetches its root, obeys the metadata service and reports to it",
  { timeout: 300_000 },
  async () => {
    const machine = bootEphemeral("eph", "/squashfs", "");
    try {
      await machine.until(/rackwright: fetching root image \d+%/, 120_000);
      const reached = await machine.until(/RW reached [\d.]+/, 180_000);
      await machine.until(/RW end/, 90_000);
      const said = machine.console.filter((line) => line.includes("RW ")).join("\n");
      assert.doesNotMatch(said, /missing/);
      assert.match(said, new RegExp(`RW node ${process.version.replaceAll(".", "\\.")}`));
      assert.match(said, /RW agent \d+/);
      assert.match(said, /RW name crab/);
      assert.match(said, /RW failed units: 0/);
      assert.match(said, /RW ssh SSH-2\.0-OpenSSH/);
      await machine.until(/Cloud-init .* finished|login:/, 30_000);
      assert.ok(
        machine.requests.some((line) => line.includes('"path":"/status"') && line.includes("config-scripts_user")),
      );
      process.stderr.write(`user-data after ${reached.replace(/.*RW reached /, "")} s of guest time\n`);
    } finally {
      await machine.stop();
    }
  },
);

test(
  "a root image that cannot be had is named on the console, and the machine restarts",
  { timeout: 180_000 },
  async () => {
    const machine = bootEphemeral("lost", "/nowhere", "rackwright.tries=2");
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
