import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Disk } from "@rackwright/contract";
import { createDisk, updateDevice } from "./devices.ts";
import { checkDeployable } from "./disks.ts";
import { format } from "./filesystems.ts";
import { takeDisks } from "./found.ts";
import { testDisk, testImage, testInventory, testMaker, testStorage } from "./testing.ts";

describe("disks with one model and serial number", () => {
  const namespace = (at: number, changes: Partial<Disk> = {}): Disk =>
    testDisk(`nvme0n${at}`, { model: "M", serial: "S", ...changes });
  const three = [1, 2, 3].map((at) => namespace(at));
  /** The ids that disks have after a second commissioning, by their names; ids of the first are 1, 2 and 3. */
  const again = (before: Disk[], after: Disk[]): Record<string, number> => {
    const make = testMaker();
    const storage = testStorage(testInventory({ disks: before }), { layout: "blank", make });
    takeDisks(storage, make, testInventory({ disks: after }), true);
    return Object.fromEntries(storage.devices.map(({ name, id }) => [name, id]));
  };

  it("stay what they are", () => {
    const same = { nvme0n1: 1, nvme0n2: 2, nvme0n3: 3 };
    assert.deepEqual(again(three, three), same);
    assert.deepEqual(again(three, three.toReversed()), same);
  });

  it("are told apart by their paths before their names", () => {
    const renamed = three.map((disk, at) => ({ ...disk, name: `nvme0n${((at + 1) % 3) + 1}` }));
    assert.deepEqual(again(three, renamed), { nvme0n1: 3, nvme0n2: 1, nvme0n3: 2 });
    const moved = three.map((disk) => ({ ...disk, path: `/dev/${disk.name}` }));
    assert.deepEqual(again(three, moved.toReversed()), { nvme0n1: 1, nvme0n2: 2, nvme0n3: 3 });
  });

  it("are not taken for one another when some come or go", () => {
    assert.deepEqual(again(three, three.slice(1)), { nvme0n2: 2, nvme0n3: 3 });
    assert.deepEqual(again(three, three.slice(1, 2)), { nvme0n2: 2 });
    assert.deepEqual(again(three.slice(0, 1), three.toReversed()), { nvme0n1: 1, nvme0n2: 3, nvme0n3: 2 });
    // The first can no longer be used, and so is not among the disks; the second is still not it.
    const locked = [namespace(1, { read_only: true }), namespace(2)];
    assert.deepEqual(again(three.slice(0, 1), locked), { nvme0n2: 2 });
  });

  it("are still the same disk elsewhere where no other has that number", () => {
    const elsewhere = namespace(1, { name: "nvme1n1", path: "/dev/nvme1n1" });
    assert.deepEqual(again([testDisk("sda"), namespace(1)], [elsewhere, testDisk("sda")]), { nvme1n1: 2, sda: 1 });
  });

  it("are others where only the name is the same", () => {
    const other = namespace(1, { serial: "T", path: "/dev/other" });
    assert.deepEqual(again([namespace(1)], [other]), { nvme0n1: 2 });
    assert.deepEqual(again([namespace(1)], [{ ...other, serial: null }]), { nvme0n1: 1 });
  });
});

describe("disks of an inventory that a deployment writes to", () => {
  it("refuses two devices that are one disk, by their names", () => {
    const inventory = testInventory({ disks: [testDisk("sda"), testDisk("sdb")] });
    const make = testMaker();
    const storage = testStorage(inventory, { make });
    const [sda, sdb] = storage.devices;
    assert.ok(sda && sdb);
    const again = createDisk(storage, make, {
      name: "again",
      size: sda.size,
      block_size: 512,
      model: null,
      serial: "other",
      id_path: sda.id_path,
      firmware_version: null,
      numa_node: null,
    });
    assert.equal(checkDeployable(inventory, storage, testImage), null, "a device that is not used harms nobody");
    format(storage, make, { device: again, partition: null }, { fstype: "xfs" });
    const failure = checkDeployable(inventory, storage, testImage);
    assert.equal(failure?.code, "storage-unsupported");
    assert.deepEqual(failure.evidence, ["sda and again are one disk, sda (/dev/disk/by-id/virtio-sda)"]);
    assert.match(failure.message, /sda and again are one disk/);
    updateDevice(storage, again, { id_path: "/dev/gone", serial: "sdb" });
    assert.equal(checkDeployable(inventory, storage, testImage), null, "one disk each");
  });

  it("does not guess which of the disks with one serial number is meant", () => {
    const inventory = testInventory({ disks: [testDisk("sda", { serial: "S" }), testDisk("sdb", { serial: "S" })] });
    const storage = testStorage(inventory);
    const moved = inventory.disks.map((disk) => ({ ...disk, path: `/dev/${disk.name}` }));
    assert.equal(checkDeployable({ ...inventory, disks: moved }, storage, testImage)?.code, "disk-missing");
    const [first] = moved;
    assert.ok(first);
    assert.equal(checkDeployable({ ...inventory, disks: [first] }, storage, testImage), null);
    const models = moved.map((disk) => ({ ...disk, model: disk.name === "sdb" ? null : "other" }));
    assert.equal(checkDeployable({ ...inventory, disks: models }, storage, testImage), null);
  });
});
