import assert from "node:assert/strict";
import test from "node:test";
import { type FleetFault, fleetFaultNames } from "@rackwright/lab";
import { type Drawn, benchFleet } from "./index.ts";

/** The cause that the region must name for each fault of a machine. */
const causes: Readonly<Record<FleetFault, string>> = {
  "twin-uuid": "machine-identity-taken",
  "agent-silent": "agent-silent",
  "script-fails": "script-failed",
  "no-inventory": "inventory-missing",
  "no-disk": "disk-missing",
  "small-disk": "disk-too-small",
  "bmc-dead": "bmc-unreachable",
  "bmc-password": "bmc-auth",
  "bmc-stays-off": "bmc-lies",
  "bmc-claims-on": "no-dhcp-request",
  "boots-disk-first": "no-dhcp-request",
  "offer-ignored": "dhcp-offer-not-taken",
  "odd-architecture": "architecture-unsupported",
  "loader-not-fetched": "loader-not-fetched",
  "loader-cut": "loader-cut",
  "script-not-asked": "script-not-asked",
  "kernel-not-fetched": "kernel-not-fetched",
  "kernel-cut": "kernel-cut",
  "root-not-fetched": "root-image-not-fetched",
  "agent-never-starts": "agent-not-started",
  "image-damaged": "image-hash-mismatch",
  "agent-crashes": "signalled-failure",
  "install-silent": "agent-silent",
  "never-reboots": "not-rebooted",
  "disk-does-not-boot": "installed-system-silent",
  "cloudinit-silent": "cloudinit-silent",
  "cloudinit-fails": "cloudinit-failed",
  "bmc-stays-on": "bmc-lies",
};

const healthy = 12;
/** Healthy machines first: a twin needs one before it, of which the first is the last that is healthy. */
const machines: Drawn[] = Array.from({ length: healthy }, (_, at) => ({ number: at + 1 }));
for (const fault of fleetFaultNames) machines.push({ number: machines.length + 1, fault });

test(
  "a fleet with every fault once: nobody is stuck, every fault is named, the healthy come through",
  { skip: process.getuid?.() === 0 ? false : "needs root", timeout: 240_000 },
  async (t) => {
    assert.equal(fleetFaultNames[0], "twin-uuid", "the twin comes right after a healthy machine");
    const { ends, ...result } = await benchFleet({
      machines,
      port: 15_281,
      atOnce: machines.length,
      silence: 20,
      log: (line) => t.diagnostic(line),
    });
    const told = (number: number) => ends.find((end) => end.number === number);
    for (const { number, fault } of machines) {
      const end = told(number);
      const what = `machine ${number}, ${fault ?? "healthy"}: ${end?.kind} in ${end?.stage}: ${end?.message}`;
      assert.deepEqual(
        [end?.kind, end?.code],
        fault === undefined ? ["done", undefined] : ["failed", causes[fault]],
        what,
      );
    }
    assert.deepEqual([result.stuck, result.explained, result.wrongly_explained, result.unnoticed], [0, 1, 0, 0]);
    assert.ok(result.peak_memory_mib.region > 0 && result.peak_memory_mib.rack > 0);
  },
);
