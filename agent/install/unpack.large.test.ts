import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { StepFailed } from "../failure.ts";
import { realWorld } from "../world.ts";
import { unpackImage } from "./image.ts";
import { partitionTable } from "./storage.ts";

const run = (program: string, ...argv: string[]): string => execFileSync(program, argv, { encoding: "utf8" });

function scratch(): { folder: string } & Disposable {
  const folder = mkdtempSync(join(tmpdir(), "rackwright-unpack-"));
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}

function makeImage(folder: string): string {
  const content = join(folder, "content");
  mkdirSync(join(content, "etc"), { recursive: true });
  writeFileSync(join(content, "etc", "os-release"), "NAME=Test\n");
  writeFileSync(join(content, "big"), Buffer.alloc(40 * 1024 * 1024, "x"));
  const image = join(folder, "image.squashfs");
  run("mksquashfs", content, image, "-comp", "zstd", "-quiet", "-no-progress");
  return image;
}

test("sgdisk makes the table the plan names", () => {
  using place = scratch();
  const disk = join(place.folder, "disk");
  writeFileSync(disk, "");
  truncateSync(disk, 100 * 1024 * 1024);
  const [program = "", ...argv] = partitionTable(disk, [
    { id: "a", type: "partition", device: "d", number: 1, size: 1024 * 1024, flag: "bios_grub" },
    { id: "b", type: "partition", device: "d", number: 2, size: "rest", flag: "linux" },
  ]);
  run(program, ...argv);
  assert.match(run("sgdisk", "--print", disk), /1024\.0 KiB\s+EF02[^\n]*\n\s+2[^\n]*8300/);
});

test("an image is unpacked whole", async () => {
  using place = scratch();
  const target = join(place.folder, "target");
  mkdirSync(target);
  await unpackImage(realWorld(), makeImage(place.folder), target, () => undefined);
  assert.equal(readFileSync(join(target, "etc", "os-release"), "utf8"), "NAME=Test\n");
});

test("a file system that is too small is told as such", async () => {
  using place = scratch();
  const target = join(place.folder, "target");
  mkdirSync(target);
  run("mount", "-t", "tmpfs", "-o", "size=10m", "tmpfs", target);
  try {
    await assert.rejects(
      unpackImage(realWorld(), makeImage(place.folder), target, () => undefined),
      (error: unknown) => error instanceof StepFailed && error.failure.code === "disk-too-small",
    );
  } finally {
    run("umount", target);
  }
});
