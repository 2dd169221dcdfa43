import assert from "node:assert/strict";
import { it } from "node:test";
import { checkHost, hostPackages } from "./requirements.ts";
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
