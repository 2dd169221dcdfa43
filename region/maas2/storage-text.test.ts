import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { testDisk, testInventory, testStorage } from "../storage/testing.ts";
import { JsonBytes } from "./json-bytes.ts";
import { renderDevice, storageFields } from "./storage-render.ts";
import { storageForm, storageText, writeStorage } from "./storage-text.ts";

const inventory = testInventory({ disks: [testDisk("sda"), testDisk("sdb", { model: "Grün \n" }), testDisk("sdc")] });
const storage = testStorage(inventory, { layout: "lvm" });

test("what a text of storage says is all of the machine's storage", () => {
  const out = new JsonBytes();
  out.open({ id: "abc123" });
  writeStorage(out, storageText({ ...storage, bootDiskId: storage.devices[1]?.id ?? 0 }));
  const written = JSON.parse(out.raw("}").end().toString("latin1")) as Record<string, unknown>;
  const devices = storage.devices.map((device) => renderDevice(storage, device));
  const of = (type: string) => devices.filter((device) => device.type === type);
  assert.ok(of("physical").length === 3 && of("virtual").length === 1);
  assert.deepEqual(written, {
    id: "abc123",
    ...storageFields(storage),
    blockdevice_set: devices,
    physicalblockdevice_set: of("physical"),
    virtualblockdevice_set: of("virtual"),
    boot_disk: devices[1],
  });
});

test("a machine without disks boots from none", () => {
  const out = new JsonBytes();
  out.open({ id: "abc123" });
  writeStorage(out, storageText(testStorage(testInventory({ disks: [] }), { layout: "blank" })));
  const written = JSON.parse(out.raw("}").end().toString("latin1")) as Record<string, unknown>;
  assert.deepEqual([written["blockdevice_set"], written["boot_disk"]], [[], null]);
});

test("a text that says anything else has another form", () => {
  const digest = createHash("sha256").update(storageText(storage)).digest("hex");
  // Databases are full of texts of this form: when this fails, both the form and the digest are to be changed.
  assert.deepEqual(
    { storageForm, digest },
    { storageForm: 1, digest: "5e57743e4ae5d2180dbf89a57e904ca860afb2862bb3184af4b0d2bd883a3d8f" },
  );
});
