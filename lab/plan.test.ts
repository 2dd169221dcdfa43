import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { LabRequestError } from "./errors.ts";
import { networkCommands } from "./network/namespace.ts";
import { parseLabOptions, type LabOptions } from "./options.ts";
import { macOf, planLab, uuidOf } from "./plan.ts";
import { labState } from "./state.ts";

const circumstances = {
  id: "11111111-2222-4333-8444-555555555555",
  createdAt: "2026-01-01T00:00:00.000Z",
  builder: { pid: 1, startTime: "1", bootId: "b" },
  ownsDirectory: true,
  supervisor: ["node", "main.ts"],
  bmcPassword: "secret",
};
const plan = (options: Partial<LabOptions> = {}) =>
  planLab(parseLabOptions({ name: "demo", stateDirectory: "/tmp/demo", machines: 3, ...options }), circumstances);

describe("the plan of a lab", () => {
  it("is what the state file holds", () => {
    assert.deepEqual(labState.parse(JSON.parse(JSON.stringify(plan()))), plan());
  });

  it("gives the rack the first address and BMCs addresses of their own subnet", () => {
    const lab = plan({ subnet: "192.168.40.0/24", bmcSubnet: "192.168.41.64/26" });
    assert.equal(lab.rackAddress, "192.168.40.1");
    assert.deepEqual(
      lab.machines.map(({ bmc }) => bmc.address),
      ["192.168.41.74", "192.168.41.75", "192.168.41.76"],
    );
    assert.equal(lab.machines[0]?.bmc.netmask, "255.255.255.192");
  });

  it("gives each machine its firmware", () => {
    assert.deepEqual(
      plan({ firmware: ["bios", "uefi", "bios"] }).machines.map(({ firmware }) => firmware),
      ["bios", "uefi", "bios"],
    );
  });

  it("repeats MAC addresses and UUIDs for one name and never within a lab", () => {
    assert.equal(macOf("demo", 1, "00"), "52:54:00:2a:97:01");
    assert.equal(uuidOf("demo", 1), uuidOf("demo", 1));
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z][a-z0-9-]{0,30}$/), (name) => {
        const lab = plan({ name, machines: 200 });
        const macs = [lab.bridgeMac, ...lab.machines.flatMap(({ mac, bmc }) => [mac, bmc.mac])];
        assert.equal(new Set(macs).size, 401);
        assert.equal(new Set(lab.machines.map(({ uuid }) => uuid)).size, 200);
        assert.ok(macs.every((mac) => /^52:54:0[01](:[0-9a-f]{2}){3}$/.test(mac)));
      }),
      { numRuns: 20 },
    );
  });

  it("refuses a directory whose sockets would have too long names, naming it", () => {
    const stateDirectory = `/${"d".repeat(80)}`;
    assert.throws(
      () => plan({ stateDirectory }),
      (error) => error instanceof LabRequestError && error.message.includes(stateDirectory),
    );
  });
});

describe("the network of a lab", () => {
  it("is a bridge without delay, marked with the lab's id, with a port for each machine", () => {
    const commands = networkCommands(plan({ machines: 1 }));
    assert.deepEqual(commands, [
      "link set dev lo up",
      `link add name br0 address ${macOf("demo", 0, "00")} type bridge stp_state 0 forward_delay 0 mcast_snooping 0`,
      `link set dev br0 alias ${circumstances.id}`,
      "address add 10.77.0.1/24 dev br0",
      "address add 10.77.1.10/32 dev br0",
      "link set dev br0 up",
      "tuntap add dev tap1 mode tap",
      "link set dev tap1 master br0",
      "link set dev tap1 up",
    ]);
  });
});
