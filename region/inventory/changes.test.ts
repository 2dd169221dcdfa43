import assert from "node:assert/strict";
import test from "node:test";
import type { Inventory } from "@rackwright/contract";
import fc from "fast-check";
import { testCard, testDisk, testInventory } from "../storage/testing.ts";
import { compareInventories } from "./changes.ts";
import { traitNames, traitsOf } from "./traits.ts";
import { compareTwins } from "./twins.ts";

const GiB = 2 ** 30;
const module = (locator: string | null, size = 8 * GiB) => ({
  locator,
  size,
  type: "DDR4",
  speed_mts: 3200,
  manufacturer: "Samsung",
  part: "M393",
  serial: null,
});
const device = (address: string, product_id: string) => ({
  address,
  vendor_id: "8086",
  product_id,
  vendor: "Intel",
  product: `Thing ${product_id}`,
  class: null,
  driver: "x",
  serial: null,
  numa_node: null,
});

function server(): Inventory {
  const inventory = testInventory({
    memory: { total: 16 * GiB, modules: [module("A1"), module("B2")] },
    disks: [
      testDisk("vda", { size: 20e9, model: "QEMU HARDDISK", serial: "S-1" }),
      testDisk("vdb", { size: 20e9, model: "QEMU HARDDISK", serial: "S-2", firmware_version: "1.0" }),
    ],
    interfaces: [testCard("eth0", "52:54:00:00:00:01", { speed_mbps: 10_000 }), testCard("eth1", "52:54:00:00:00:02")],
    pci: [device("0000:00:03.0", "1521"), device("0000:00:04.0", "1522")],
    usb: [device("1-1", "0001")],
  });
  inventory.dmi = { ...inventory.dmi, system_product: "R640", firmware_version: "2.1", firmware_date: "01/01/2024" };
  return inventory;
}
const told = (after: Inventory, before = server()) => compareInventories(before, after).map(({ message }) => message);

test("what goes, comes and changes is told in words", () => {
  const after = server();
  after.disks = [after.disks[0]!];
  after.memory = { total: 8 * GiB, modules: [module("A1")] };
  after.dmi.firmware_version = "2.2";
  after.dmi.firmware_date = "02/02/2025";
  after.interfaces[0]!.speed_mbps = 1000;
  after.interfaces[1]!.link = false;
  after.interfaces[1]!.speed_mbps = null;
  after.usb = [];
  assert.deepEqual(told(after), [
    "firmware version 2.1 → 2.2",
    "memory 16 GiB → 8 GiB",
    "DIMM B2 (8 GiB DDR4 3200 MT/s Samsung M393) is gone",
    "disk vdb (20 GB QEMU HARDDISK serial S-2) is gone",
    "NIC eth0 speed 10000 Mb/s → 1000 Mb/s",
    "NIC eth1 link up → down",
    "USB device 1-1 (Intel Thing 0001 8086:0001) is gone",
  ]);
  const back = compareInventories(after, server());
  assert.deepEqual(
    back.filter(({ kind }) => kind === "added").map(({ part, name, before }) => [part, name, before]),
    [
      ["memory", "B2", null],
      ["disk", "vdb", null],
      ["usb", "1-1", null],
    ],
  );
});

test("a part exchanged in its place, and a firmware update of a disk, are told", () => {
  const after = server();
  after.disks[1]!.firmware_version = "1.1";
  after.disks[0] = testDisk("vda", { size: 40e9, model: "QEMU HARDDISK", serial: "S-9" });
  after.memory.modules[1] = { ...module("B2", 16 * GiB), speed_mts: 2666 };
  after.pci[0] = device("0000:00:03.0", "1999");
  assert.deepEqual(told(after), [
    "DIMM B2 size 8 GiB → 16 GiB",
    "DIMM B2 speed 3200 MT/s → 2666 MT/s",
    "disk vda (20 GB QEMU HARDDISK serial S-1) is gone",
    "disk vdb firmware 1.0 → 1.1",
    "disk vda (40 GB QEMU HARDDISK serial S-9) is new",
    "PCI device 0000:00:03.0 is another: Intel Thing 1521 8086:1521 → Intel Thing 1999 8086:1999",
  ]);
});

test("a failing disk, a module of another serial number and another switch port are told", () => {
  const before = server();
  const after = server();
  const health = {
    healthy: true,
    temperature: 30,
    power_on_hours: 1,
    percentage_used: 1,
    reallocated_sectors: 0,
    pending_sectors: 0,
    media_errors: 0,
  };
  before.disks[0]!.health = health;
  after.disks[0]!.health = { ...health, healthy: false, temperature: 60, power_on_hours: 900, reallocated_sectors: 8 };
  before.memory.modules[0]!.serial = "D1";
  after.memory.modules[0]!.serial = "D2";
  const port = (port_id: string) => [
    {
      protocol: "LLDP",
      chassis_id: "aa",
      name: "sw1",
      description: null,
      address: null,
      port_id,
      port_description: null,
      vlan: null,
    },
  ];
  before.interfaces[0]!.neighbours = port("Eth1");
  after.interfaces[0]!.neighbours = port("Eth2");
  after.secure_boot = true;
  before.secure_boot = false;
  assert.deepEqual(told(after, before), [
    "firmware Secure Boot off → on",
    "DIMM A1 serial number D1 → D2",
    "disk vda health good → failing",
    "disk vda reallocated sectors 0 → 8",
    "NIC eth0 switch port sw1 Eth1 → sw1 Eth2",
  ]);
});

test("what was not known before, as by an older agent, has not changed", () => {
  const before = server();
  // As it was stored before these properties were there.
  for (const part of [...before.disks, ...before.interfaces, ...before.memory.modules])
    for (const name of ["health", "neighbours", "serial", "firmware_version", "max_speed_mbps"])
      if (!(part === before.disks[0] || part === before.disks[1]) || name === "health")
        Reflect.deleteProperty(part, name);
  Reflect.deleteProperty(before, "tpm");
  Reflect.deleteProperty(before, "secure_boot");
  const after = server();
  after.tpm = "2.0";
  after.memory.modules[0]!.serial = "D1";
  after.interfaces[0]!.firmware_version = "14.2";
  assert.deepEqual(told(after, before), []);
});

test("what is no hardware, or only numbered anew, is no change", () => {
  const after = server();
  after.kernel = "6.12";
  after.cpu.speed_mhz = 1200;
  after.cpu.flags = ["new-in-this-kernel"];
  after.interfaces[0]!.addresses = ["10.0.0.7/24"];
  after.interfaces.reverse();
  after.disks.reverse();
  [after.disks[0]!.name, after.disks[1]!.name] = ["vda", "vdb"];
  after.memory.modules.reverse();
  after.pci[0]!.driver = null;
  after.usb[0]!.address = "2-4";
  assert.deepEqual(told(after), []);
  // A kernel sees a few pages more or less where the firmware names no modules.
  const [before, later] = [server(), server()];
  before.memory = { total: 16 * GiB, modules: [] };
  later.memory = { total: 16 * GiB - 3_000_000, modules: [] };
  assert.deepEqual(told(later, before), []);
});

/** Inventories of parts that are alike, have no names, or come twice. */
const anything = fc
  .record(
    {
      modules: fc.array(fc.constantFrom(module(null), module("A1"), module("A1", GiB), module("B1")), { maxLength: 5 }),
      disks: fc.array(
        fc.constantFrom(
          ...[null, "S-1", "S-2"].map((serial) => testDisk("sda", { serial })),
          testDisk("sdb", { size: 1 }),
        ),
        { maxLength: 5 },
      ),
      interfaces: fc.array(
        fc.constantFrom("1", "2").map((end) => testCard(`eth${end}`, `52:54:00:00:00:0${end}`)),
        {
          maxLength: 4,
        },
      ),
      usb: fc.array(fc.constantFrom(device("1-1", "1"), device("1-2", "1"), device("1-3", "2")), { maxLength: 4 }),
    },
    { noNullPrototype: true },
  )
  .map(({ modules, ...parts }) => testInventory({ ...parts, memory: { total: modules.length * 8 * GiB, modules } }));

test("nothing differs from itself, and what is new one way is gone the other way", () => {
  fc.assert(
    fc.property(anything, anything, (one, other) => {
      assert.deepEqual(compareInventories(one, structuredClone(one)), []);
      const names = (changes: ReturnType<typeof compareInventories>, kind: string) =>
        changes.filter((change) => change.kind === kind).map(({ part, before, after }) => `${part} ${before ?? after}`);
      const [there, back] = [compareInventories(one, other), compareInventories(other, one)];
      assert.deepEqual(names(there, "added").sort(), names(back, "removed").sort());
      assert.equal(names(there, "changed").length, names(back, "changed").length);
    }),
  );
});

const sibling = (id: string, inventory: Inventory) => ({ id, hostname: `host-${id}`, traits: traitsOf(inventory) });
const model = { vendor: "Dell", product: "R640" };

test("twins are compared with what most of them have", () => {
  const odd = server();
  odd.memory.modules.pop();
  odd.memory.total = 8 * GiB;
  odd.dmi.firmware_version = "1.9";
  odd.cpu.flags = ["svm"];
  const compared = compareTwins(model, [sibling("a", server()), sibling("b", odd), sibling("c", server())]);
  const differing = compared.properties.filter(({ different }) => different.length > 0);
  assert.deepEqual(
    differing.map(({ property, majority, different }) => [
      property,
      majority,
      different.map(({ id, value }) => [id, value]),
    ]),
    [
      ["virtualisation", "off", [["b", "AMD-V"]]],
      ["memory", "16 GiB", [["b", "8 GiB"]]],
      ["DIMM count", "2", [["b", "1"]]],
      ["DIMM sizes", "2 × 8 GiB", [["b", "1 × 8 GiB"]]],
      ["DIMM speeds", "2 × 3200 MT/s", [["b", "1 × 3200 MT/s"]]],
      ["DIMM slots", "A1, B2", [["b", "A1"]]],
      ["BIOS version", "2.1", [["b", "1.9"]]],
    ],
  );
  assert.equal(compared.alike, false);
  assert.equal(compareTwins(model, [sibling("a", server()), sibling("b", server())]).alike, true);
});

test("two that differ have no majority, and neither have three that all differ", () => {
  const version = (text: string) => {
    const inventory = server();
    inventory.dmi.firmware_version = text;
    return inventory;
  };
  for (const versions of [
    ["1", "2"],
    ["1", "2", "3"],
    ["1", "1", "2", "2"],
  ]) {
    const compared = compareTwins(
      model,
      versions.map((text, index) => sibling(String(index), version(text))),
    );
    const bios = compared.properties.find(({ property }) => property === "BIOS version");
    assert.deepEqual([bios?.majority, bios?.different.length], [null, versions.length]);
  }
});

test("the comparison adds up for any values, and names no more than it may", () => {
  const values = fc.array(fc.constantFrom("1", "2", "3"), { minLength: 2, maxLength: 250 });
  fc.assert(
    fc.property(values, (versions) => {
      const base = traitsOf(server());
      const siblings = versions.map((text, index) => ({
        id: String(index),
        hostname: "h",
        traits: { ...base, "BIOS version": text },
      }));
      const { properties } = compareTwins(model, siblings);
      assert.deepEqual(
        properties.map(({ property }) => property),
        [...traitNames],
      );
      for (const { majority, values: counted, different, left_off } of properties) {
        const total = counted.reduce((sum, { machines }) => sum + machines, 0);
        assert.equal(total, versions.length);
        const most = counted[0]?.machines ?? 0;
        assert.equal(majority !== null, most * 2 > versions.length);
        assert.equal(different.length + left_off, majority === null ? versions.length : versions.length - most);
        assert.ok(different.length <= 100);
      }
    }),
  );
});
