import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import type { BootDecision, BootPurpose } from "@rackwright/contract";
import { grubScript, grubStart } from "./grub.ts";

const checker = "grub-script-check";
const skip =
  spawnSync(checker, ["--version"]).error === undefined ? false : `${checker} (grub-common) is not installed`;

/** What GRUB's own parser says of a script; empty when it takes it. */
function complaintOf(script: string): string {
  const { status, stderr } = spawnSync(checker, [], { input: script, encoding: "utf8" });
  return status === 0 ? "" : `${stderr}\n${script}`;
}

function decision(purpose: BootPurpose, bootable: boolean, architecture: "amd64" | "arm64"): BootDecision {
  const file = (name: string) => (bootable ? { role: name, name, sha256: "a".repeat(64), size: 1 } : null);
  return {
    machine_id: "abcdef",
    purpose,
    rule: 'it\'s "so"; $(reboot) & more {',
    architecture,
    hostname: "node1",
    kernel: file("boot-kernel"),
    initrd: file("boot-initrd"),
    command_line:
      "nomodeset ip=::::node1:BOOTIF:dhcp cc:{'datasource_list': ['MAAS']}end_cc url=http://{rack}/?op=a&b=c;d --- a=$x|y",
  };
}

test("GRUB's own parser takes every script", { skip }, () => {
  assert.notEqual(complaintOf("if linux /kernel && initrd /initrd; then boot; fi\n"), "", "the parser finds mistakes");
  assert.equal(complaintOf(grubStart()), "");
  const purposes: BootPurpose[] = ["local", "none", "enlist", "commission", "install", "memory", "poweroff"];
  for (const purpose of purposes)
    for (const bootable of [true, false])
      for (const architecture of ["amd64", "arm64"] as const)
        for (const mac of ["52:54:00:12:34:56", null])
          for (const protocol of ["tftp", "http"] as const) {
            const input = { decision: decision(purpose, bootable, architecture), mac, rack: "10.0.0.1:5248" };
            assert.equal(complaintOf(grubScript(input, protocol)), "");
          }
});
