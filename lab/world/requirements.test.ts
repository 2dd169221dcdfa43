import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { checkHost, findBoard, hostPackages } from "./requirements.ts";
import { createHostWorld } from "./host.ts";

it("each missing program is named with the package that brings it", async () => {
  const world = { ...createHostWorld(process.env), find: () => Promise.resolve(undefined) };
  const problems = (await checkHost(world, new Set(["bios"]))).join("\n");
  assert.match(
    problems,
    /The program qemu-system-x86_64, which runs the machines, is not installed: apt-get install qemu-system-x86\./,
  );
  assert.match(problems, /The program ip, .*: apt-get install iproute2\./);
  for (const name of ["qemu-system-x86", "iproute2", "coreutils"]) assert.ok(hostPackages.includes(name));
});

it("a BIOS that cannot start a q35 board again gets the other one", async () => {
  const folder = await mkdtemp(join(tmpdir(), "rw-board-"));
  try {
    const boardWith = async (version: string) => {
      await writeFile(join(folder, "bios.bin"), Buffer.from(`37\0\x90${version}\0\0\xff`, "latin1"));
      return findBoard(join(folder, "bios.bin"));
    };
    assert.equal(await boardWith("1.15.0-1"), "pc");
    assert.equal(await boardWith("rel-1.15.0-0-g2dd4b9b3f840-prebuilt.qemu.org"), "pc");
    assert.equal(await boardWith("1.16.2-debian-1.16.2-1"), "q35");
    assert.equal(await findBoard(join(folder, "none")), "q35");
  } finally {
    await rm(folder, { recursive: true });
  }
});
