import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { MachineState } from "../state.ts";
import { bootOrderFor } from "./boot-order.ts";
import { qemuArguments } from "./qemu-arguments.ts";

const machine: MachineState = {
  name: "machine-1",
  index: 1,
  uuid: "6eb02c2a-d85c-8f93-ad7f-fd1ac9bae3c5",
  mac: "52:54:00:1e:26:01",
  serialNumber: "RW6EB02C2A",
  firmware: "bios",
  cpus: 2,
  memoryMiB: 2048,
  directory: "/lab/a,b",
  disks: [
    { path: "/lab/a,b/disk-1.raw", sizeGiB: 8, serial: "one" },
    { path: "/lab/a,b/disk-2.raw", sizeGiB: 8, serial: "two" },
  ],
  tap: "tap1",
  bmc: { address: "10.77.1.10", netmask: "255.255.255.0", mac: "", port: 623, user: "u", password: "hidden" },
};
const host = { board: "q35", uefi: undefined } as const;
const uefi = { code: "/code.fd", variables: "/vars.fd" };

function values(argv: readonly string[], option: string): string[] {
  return argv.filter((_, i) => argv[i - 1] === option);
}

describe("the command line of a machine", () => {
  it("orders network and first disk by bootindex and leaves further disks without", () => {
    const devices = (order: ReturnType<typeof bootOrderFor>) =>
      values(qemuArguments(machine, order, host), "-device").filter((value) => /-net-|-blk-/.test(value));
    const [card, first, second] = devices(bootOrderFor("none"));
    assert.match(card ?? "", /^virtio-net-pci,.*mac=52:54:00:1e:26:01,bootindex=0$/);
    assert.match(first ?? "", /^virtio-blk-pci,id=disk0,.*serial=one,bootindex=1$/);
    assert.match(second ?? "", /serial=two$/);
    const [later, sooner] = devices(bootOrderFor("disk"));
    assert.match(later ?? "", /bootindex=1/);
    assert.match(sooner ?? "", /bootindex=0/);
  });

  it("never has -boot, nor the BMC's password", () => {
    const argv = qemuArguments(machine, bootOrderFor("pxe"), host);
    assert.ok(!argv.includes("-boot"));
    assert.ok(!argv.join(" ").includes("hidden"));
  });

  it("shows the guest its identity", () => {
    const argv = qemuArguments(machine, bootOrderFor("pxe"), host);
    assert.deepEqual(values(argv, "-uuid"), [machine.uuid]);
    assert.match(
      values(argv, "-smbios").join("\n"),
      /type=1,manufacturer=Rackwright,product=Virtual machine,.*serial=RW6EB02C2A,uuid=6eb02c2a/,
    );
  });

  it("doubles commas in paths", () => {
    const argv = qemuArguments(machine, bootOrderFor("pxe"), host);
    assert.ok(values(argv, "-drive").every((value) => value.includes("/lab/a,,b/")));
    assert.ok(values(argv, "-chardev").every((value) => value.includes("/lab/a,,b/")));
  });

  it("gives UEFI its own variables and its own network driver", () => {
    const argv = qemuArguments({ ...machine, firmware: "uefi" }, bootOrderFor("pxe"), { board: "q35", uefi });
    const [code, variables] = values(argv, "-drive");
    assert.match(code ?? "", /unit=0,.*readonly=on,file=\/code\.fd$/);
    assert.match(variables ?? "", /unit=1,.*file=\/lab\/a,,b\/variables\.fd$/);
    assert.ok(values(argv, "-device").some((value) => /virtio-net-pci.*,romfile=$/.test(value)));
    assert.throws(() => qemuArguments({ ...machine, firmware: "uefi" }, bootOrderFor("pxe"), host), /machine-1/);
  });
});

describe("the boot order", () => {
  it("is the disk first only for the disk", () => {
    for (const device of ["none", "pxe", "cdrom", "bios", "other"] as const) {
      assert.deepEqual(bootOrderFor(device), ["network", "disk"]);
    }
    assert.deepEqual(bootOrderFor("disk"), ["disk", "network"]);
  });
});
