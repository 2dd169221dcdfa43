import assert from "node:assert/strict";
import test from "node:test";
import { realWorld } from "../world.ts";
import type { World } from "../world.ts";
import { DeviceMissing, findCard, findDisk } from "./devices.ts";

function machineWith(blockdevices: object[]): World {
  const output = JSON.stringify({ blockdevices });
  return { ...realWorld(), run: async () => ({ status: 0, output, error: "", seconds: 0, timedOut: false }) };
}
const row = (name: string, model: string | null, serial: string | null) => ({
  name,
  model,
  serial,
  wwn: null,
  rev: null,
});
const at = (links: Record<string, string>) => async (path: string) => links[path] ?? null;

const twoDisks = machineWith([
  row("sda", "Samsung SSD 860 EVO 500GB", "S3Z1"),
  row("sdb", "Samsung SSD 860 EVO 500GB", "S3Z2"),
]);

test("a disk is found by model and serial under whatever name it has now", async () => {
  const wanted = { name: "sda", path: "/dev/sda", model: "Samsung SSD 860", serial: "S3Z2" };
  const found = await findDisk(twoDisks, wanted, at({ "/dev/sda": "/dev/sda" }));
  assert.deepEqual([found.name, found.path], ["sdb", "/dev/sdb"]);
  const stable = { ...wanted, path: "/dev/disk/by-id/ata-S3Z2" };
  assert.equal((await findDisk(twoDisks, stable, at({ [stable.path]: "/dev/sdb" }))).path, stable.path);
});

test("a disk that was taken out is missing, even where another one has its name now", async () => {
  const wanted = { name: "sda", path: "/dev/sda", model: "Samsung SSD 860 EVO 500GB", serial: "GONE" };
  await assert.rejects(findDisk(twoDisks, wanted, at({ "/dev/sda": "/dev/sda" })), (error: unknown) => {
    assert.ok(error instanceof DeviceMissing);
    assert.match(error.message, /disk sda \(Samsung SSD 860 EVO 500GB, serial GONE\) is not in this machine/);
    assert.match(error.message, /sdb Samsung SSD 860 EVO 500GB S3Z2/);
    return true;
  });
});

test("a disk without a serial number is taken by its path, if its model is the same", async () => {
  const world = machineWith([row("vda", null, null), row("sdc", "Other", null)]);
  const wanted = { name: "vda", path: "/dev/vda", model: null, serial: null };
  assert.equal((await findDisk(world, wanted, at({ "/dev/vda": "/dev/vda" }))).name, "vda");
  const changed = { name: "sdc", path: "/dev/sdc", model: "Mine", serial: null };
  await assert.rejects(findDisk(world, changed, at({ "/dev/sdc": "/dev/sdc" })), DeviceMissing);
});

test("a network card is found by its MAC address", async () => {
  const macs: Record<string, string> = { eth0: "52:54:00:00:00:0A", eth1: "52:54:00:00:00:0b" };
  const world: World = {
    ...realWorld(),
    list: async () => ["eth0", "eth1", "lo"],
    read: async (path) => macs[path.split("/").at(-2) ?? ""] ?? null,
    link: async (path) => (path.includes("/lo/") ? null : "../../device"),
  };
  const wanted = { name: "eth0", mac: "52:54:00:00:00:0b", vendor: null, product: null };
  assert.equal((await findCard(world, wanted)).name, "eth1");
  await assert.rejects(findCard(world, { ...wanted, mac: "52:54:00:00:00:0c" }), /There are: eth0 .*; eth1 /);
});
