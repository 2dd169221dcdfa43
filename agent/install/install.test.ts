import assert from "node:assert/strict";
import test from "node:test";
import { fstab } from "./configure.ts";
import { inodesOf } from "./image.ts";
import { grubConfiguration, grubInstall, newestKernel } from "./bootloader.ts";
import { StepFailed } from "../failure.ts";
import { realWorld, type World } from "../world.ts";
import { makeFilesystem, partitionPath, partitionTable, prepareStorage } from "./storage.ts";
import type { Layout } from "./storage.ts";

test("partitions are named as the kernel names them", () => {
  assert.equal(partitionPath("/dev/vda", 2), "/dev/vda2");
  assert.equal(partitionPath("/dev/nvme0n1", 1), "/dev/nvme0n1p1");
  assert.equal(partitionPath("/dev/mmcblk0", 3), "/dev/mmcblk0p3");
});

test("a whole table is made by one call", () => {
  assert.deepEqual(
    partitionTable("/dev/vda", [
      { id: "p1", type: "partition", device: "d", number: 1, size: 1024 * 1024, flag: "bios_grub" },
      { id: "p2", type: "partition", device: "d", number: 2, size: "rest", flag: "linux" },
    ]),
    ["sgdisk", "--zap-all", "--new=1:0:+1024K", "--typecode=1:ef02", "--new=2:0:0", "--typecode=2:8300", "/dev/vda"],
  );
});

const root = {
  id: "f",
  type: "format",
  volume: "p2",
  fstype: "ext4",
  label: "root",
  uuid: "6f1f2f3e-0000-4000-8000-000000000001",
} as const;
const esp = {
  id: "e",
  type: "format",
  volume: "p1",
  fstype: "fat32",
  label: "efi",
  uuid: "1234abcd-0000-4000-8000-000000000000",
} as const;

test("filesystems get the plan's identity", () => {
  assert.deepEqual(makeFilesystem(root, "/dev/vda2").slice(-5), ["-L", "root", "-U", root.uuid, "/dev/vda2"]);
  assert.deepEqual(makeFilesystem(esp, "/dev/vda1"), [
    "mkfs.vfat",
    "-F",
    "32",
    "-n",
    "EFI",
    "-i",
    "1234abcd",
    "/dev/vda1",
  ]);
});

test("fstab mounts by identity; FAT's is its serial number", () => {
  const layout: Layout = {
    devices: new Map(),
    bootDisk: "/dev/vda",
    swaps: [],
    specials: [],
    mounts: [
      { device: "/dev/vda2", path: "/", options: "errors=remount-ro", format: root },
      { device: "/dev/vda1", path: "/boot/efi", options: "umask=0077", format: esp },
    ],
  };
  assert.equal(
    fstab(layout),
    "UUID=6f1f2f3e-0000-4000-8000-000000000001 / ext4 errors=remount-ro 0 1\nUUID=1234-ABCD /boot/efi vfat umask=0077 0 2\n",
  );
});

test("GRUB is installed for the firmware the machine has", () => {
  assert.deepEqual(grubInstall("bios", "/dev/vda"), ["grub-install", "--target=i386-pc", "/dev/vda"]);
  assert.ok(grubInstall("uefi", "/dev/vda").includes("--uefi-secure-boot"));
});

test("a squashfs says how many files it holds", () => {
  assert.equal(inodesOf("Found a valid SQUASHFS 4:0 superblock\nNumber of inodes 21034\nNumber of ids 3\n"), 21034);
  assert.equal(inodesOf("nonsense"), null);
});

test("GRUB boots the newest kernel that has an initrd", () => {
  assert.equal(
    newestKernel([
      "config-6.1.0-9-amd64",
      "initrd.img-6.1.0-10-amd64",
      "initrd.img-6.1.0-9-amd64",
      "vmlinuz-6.1.0-10-amd64",
      "vmlinuz-6.1.0-9-amd64",
      "vmlinuz-6.12.0",
    ]),
    "6.1.0-10-amd64",
  );
  assert.equal(newestKernel(["grub"]), null);
  assert.equal(
    grubConfiguration("6.1.0-10-amd64", root.uuid, "console=ttyS0,115200"),
    `# Written at installation. update-grub replaces it.
set timeout=0
search --no-floppy --fs-uuid --set=root 6f1f2f3e-0000-4000-8000-000000000001
menuentry "Linux" {
  linux /boot/vmlinuz-6.1.0-10-amd64 root=UUID=6f1f2f3e-0000-4000-8000-000000000001 ro console=ttyS0,115200 quiet
  initrd /boot/initrd.img-6.1.0-10-amd64
}
`,
  );
});

test("a filesystem without a name, swap and a table's own identities", () => {
  const { label: _, ...nameless } = root;
  assert.deepEqual(makeFilesystem({ ...nameless, fstype: "xfs" }, "/dev/vdb").slice(0, 4), [
    "mkfs.xfs",
    "-q",
    "-f",
    "-K",
  ]);
  assert.ok(!makeFilesystem({ ...nameless, fstype: "ext2" }, "/dev/vdb").includes("-L"));
  assert.deepEqual(makeFilesystem({ ...root, fstype: "swap" }, "/dev/vda3"), [
    "mkswap",
    "--force",
    "--label",
    "root",
    "--uuid",
    root.uuid,
    "/dev/vda3",
  ]);
  assert.ok(!makeFilesystem({ ...esp, fstype: "vfat" }, "/dev/vda1").includes("-F"));
  const swap = { id: "p3", type: "partition", device: "d", number: 3, size: 4096, flag: "swap", uuid: "u" } as const;
  assert.deepEqual(partitionTable("/dev/vda", [swap]).slice(2), [
    "--new=3:0:+4K",
    "--typecode=3:8200",
    "--partition-guid=3:u",
    "/dev/vda",
  ]);
});

test("fstab has swap and what is in memory, and checks only what has a check", () => {
  const format = { ...root, fstype: "xfs" } as const;
  const swap = { ...root, fstype: "swap" } as const;
  const layout: Layout = {
    devices: new Map(),
    bootDisk: "/dev/vda",
    mounts: [{ device: "/dev/vdb", path: "/srv", options: "noatime", format }],
    swaps: [{ device: "/dev/vda3", path: "none", options: "sw", format: swap }],
    specials: [{ spec: "tmpfs", fstype: "tmpfs", path: "/scratch", options: "size=1G" }],
  };
  assert.deepEqual(fstab(layout).split("\n"), [
    `UUID=${root.uuid} /srv xfs noatime 0 0`,
    `UUID=${root.uuid} none swap sw 0 0`,
    "tmpfs /scratch tmpfs size=1G 0 0",
    "",
  ]);
});

test("kernels on a filesystem of their own are looked for there", () => {
  const text = grubConfiguration("6.1.0-10-amd64", root.uuid, "", "b00b");
  assert.match(text, /--set=root b00b\n/);
  assert.match(text, /linux \/vmlinuz-6\.1\.0-10-amd64 root=UUID=6f1f2f3e/);
});

test("nothing is written while a disk of the plan is missing", async () => {
  const ran: string[] = [];
  const world: World = {
    ...realWorld(),
    run: async (argv) => {
      ran.push(argv[0] ?? "");
      const missing = argv.includes("/dev/gone");
      return { status: missing ? 1 : 0, output: argv.at(-1) ?? "", error: "", seconds: 0, timedOut: false };
    },
  };
  const disk = (id: string) => ({ id, type: "disk", path: `/dev/${id}`, ptable: "gpt", wipe: "superblock" }) as const;
  const storage = { version: 1, config: [disk("vda"), disk("gone")] } as const;
  await assert.rejects(
    prepareStorage(world, { ...storage, config: [...storage.config] }, "/target", () => undefined),
    (error) => error instanceof StepFailed && error.failure.code === "disk-missing",
  );
  assert.deepEqual(ran, ["readlink", "readlink", "lsblk"]);
});
