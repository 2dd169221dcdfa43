import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { json } from "../database/pool.ts";
import { testDisk, testInventory } from "../storage/testing.ts";
import type { Asked } from "./testing/example.ts";
import { testWorld } from "./testing/world.ts";

type Device = {
  id: number;
  name: string;
  used_for: string;
  available_size: number;
  filesystem: object | null;
  partitions: (Device & { resource_uri: string })[];
};

describe("storage in the MAAS API", () => {
  let world: Awaited<ReturnType<typeof testWorld>>;
  before(async () => {
    world = await testWorld();
  });
  after(() => world.close());

  /** A ready machine with disks of 16 GiB, laid out as commissioning does. */
  async function machine(...names: string[]) {
    const inventory = testInventory({ disks: names.map((name) => testDisk(name)), firmware: "bios" });
    const id = await world.machine({ inventory: json(inventory), firmware: "bios" });
    await world.make("POST", `machines/${id}/`, { op: "restore_storage_configuration" });
    const below = (path: string) => `nodes/${id}/${path}`;
    const ask = async (method: string, path: string, asked: Asked = {}) => {
      const { status, text } = await world.ask(method, below(path), asked);
      return `${status} ${text}`;
    };
    const make = <T = Device>(path: string, asked: Asked = {}) => world.make<T>("POST", below(path), asked);
    const devices = () => world.make<Device[]>("GET", below("blockdevices/"));
    return { id, ask, make, devices };
  }
  const set = (id: string, values: Record<string, unknown>) =>
    world.db.updateTable("machines").set(values).where("id", "=", id).execute();

  it("is what commissioning laid out, by id and by name, under both spellings", async () => {
    const { id, ask, devices } = await machine("sda", "sdb");
    const [sda, sdb] = await devices();
    assert.deepEqual([sda?.used_for, sdb?.used_for], ["GPT partitioned with 1 partition", "Unused"]);
    const part = sda?.partitions[0];
    assert.equal(part?.resource_uri, `/MAAS/api/2.0/nodes/${id}/blockdevices/${sda?.id}/partition/${part?.id}`);
    const texts = await Promise.all([
      ask("GET", `blockdevices/${sda?.id}/partition/${part?.id}`),
      ask("GET", `blockdevices/sda/partitions/sda-part2`),
      ask("GET", `blockdevices/sda/partition/${part?.id}/`),
    ]);
    assert.equal(new Set(texts).size, 1, texts.join("\n"));
    assert.match(texts[0] ?? "", /"used_for":"ext4 formatted filesystem mounted at \/"/);
  });

  it("says what is not there in MAAS's words", async () => {
    const { ask } = await machine("sda");
    assert.equal(await ask("GET", "blockdevices/99999/"), "404 No BlockDevice matches the given query.");
    assert.equal(await ask("GET", "blockdevices/0x1/"), "404 No BlockDevice matches the given query.");
    assert.equal(await ask("GET", "blockdevices/sda/partition/-1"), "404 No Partition matches the given query.");
    assert.equal(await ask("GET", "volume-group/99999999999999999999/"), "404 No VolumeGroup matches the given query.");
    assert.equal(await ask("DELETE", "raid/1/"), "404 No RAID matches the given query.");
    const { status, text } = await world.ask("GET", "nodes/zzzzzz/blockdevices/");
    assert.equal(`${status} ${text}`, "404 No Machine matches the given query.");
  });

  it("goes by what the machine does", async () => {
    const { id, ask } = await machine("sda", "sdb");
    const size = { form: { size: "4G" } };
    await set(id, { status: "allocated", owner_id: world.people.user.id });
    assert.match(await ask("POST", "blockdevices/sdb/partitions/", size), /^409 /);
    assert.match(await ask("POST", "blockdevices/sdb/", { op: "set_boot_disk" }), /^409 /);
    const format = { op: "format", form: { fstype: "ext4" } };
    assert.match(await ask("POST", "blockdevices/sdb/", { ...format, as: "user" }), /^200 /);
    assert.match(await ask("POST", "blockdevices/sdb/", { ...format, as: "other" }), /^403 /);
    await set(id, { status: "deployed" });
    assert.match(await ask("POST", "blockdevices/sdb/", format), /^409 /);
    const { text } = await world.ask("PUT", `nodes/${id}/blockdevices/sdb/`, { form: { name: "fast", size: "1T" } });
    assert.match(text, /"name":"fast".*"size":17179869184/, "of a deployed machine's disk only what names it changes");
    await set(id, { status: "ready", owner_id: null, locked: true });
    assert.match(await ask("POST", "blockdevices/sda/partitions/", size), /^403 /);
    await set(id, { locked: false });
    assert.match(await ask("POST", "blockdevices/fast/", { ...format, as: "user" }), /^403 /);
  });

  it("tells one thing wrong in text, and wrong fields by name", async () => {
    const { id, ask, make } = await machine("sda", "sdb", "sdc");
    assert.match(await ask("POST", "blockdevices/sdb/", { op: "unformat" }), /^400 sdb is not formatted/);
    assert.match(await ask("POST", "blockdevices/sdb/", { op: "unmount" }), /^400 sdb is not formatted/);
    await make("blockdevices/sdb/", { op: "format", form: { fstype: "ext4" } });
    assert.match(
      await ask("POST", "blockdevices/sdb/", { op: "unmount" }),
      /^400 The filesystem on sdb is not mounted/,
    );
    const root = { op: "mount", form: { mount_point: "/" } };
    assert.match(await ask("POST", "blockdevices/sdb/", root), /^400 \{"mount_point":\["is taken/);
    await make("blockdevices/sdb/", { op: "mount", form: { mount_point: "/srv" } });
    assert.match(await ask("POST", "blockdevices/sdb/", { op: "unformat" }), /^400 The filesystem on sdb is mounted/);
    for (const mount_point of ["srv", "/a/../b", "/a b", "", "/x\ny", `/${"x".repeat(300)}`])
      assert.match(
        await ask("POST", "blockdevices/sdb/", { op: "mount", form: { mount_point } }),
        /^400 \{"mount_point"/,
        mount_point,
      );
    const raid = { form: { level: "raid-5", block_devices: ["sdc"], partitions: [] } };
    assert.match(await ask("POST", "raids/", raid), /^400 raid-5 needs at least 3 active devices/);
    const used = { form: { name: "vg0", block_devices: ["sdb"] } };
    assert.match(await ask("POST", "volume-groups/", used), /^400 \{"block_devices":\["must be unused/);
    const unknown = { form: { name: "vg0", partitions: ["7777777"] } };
    assert.match(await ask("POST", "volume-groups/", unknown), /^400 \{"partitions":\["must name partitions/);
    const huge = { form: { size: "99999999E" } };
    assert.match(await ask("POST", "blockdevices/sdc/partitions/", huge), /^400 \{"size"/);
    const layout = { op: "set_storage_layout", form: { storage_layout: "flat", root_size: "2G" } };
    const { status, text } = await world.ask("POST", `machines/${id}/`, layout);
    assert.match(`${status} ${text}`, /^400 \{"root_size":\["must be at least/);
    const custom = { op: "set_storage_layout", form: { storage_layout: "custom" } };
    assert.match((await world.ask("POST", `machines/${id}/`, custom)).text, /^Failed to configure storage layout/);
  });

  it("uses what it may use, and shows it in the machine", async () => {
    const { id, ask, make, devices } = await machine("sda", "sdb", "sdc", "sdd");
    const set1 = await make("bcache-cache-sets/", { form: { cache_device: "sdd" } });
    const form = { cache_set: String(set1.id), backing_device: "sdb", cache_mode: "WriteBack" };
    const bcache = await make<{ id: number; virtual_device: Device }>("bcaches/", { form });
    assert.match(await ask("DELETE", `bcache-cache-set/${set1.id}/`), /^400 cache0 cannot be deleted, bcache0 uses it/);
    const group = await make<Device & { size: number; human_available_size: string }>("volume-groups/", {
      form: { name: "vg0", block_devices: [String(bcache.virtual_device.id), "sdc"] },
    });
    assert.equal(group.human_available_size, "34.3 GB");
    const volume = await make(`volume-groups/${group.id}/`, {
      op: "create_logical_volume",
      form: { name: "data", size: "10GiB" },
    });
    assert.equal(volume.name, "vg0-data");
    assert.match(await ask("DELETE", `volume-group/${group.id}/`), /^400 vg0 has logical volumes/);
    assert.match(await ask("DELETE", `bcache/${bcache.id}/`), /^400 bcache0 cannot be deleted, vg0 is built upon it/);
    assert.deepEqual(
      (await devices()).map(({ name, used_for }) => [name, used_for]),
      [
        ["sda", "GPT partitioned with 1 partition"],
        ["sdb", "Backing device for bcache0"],
        ["sdc", "LVM volume for vg0"],
        ["sdd", "Cache device for cache0"],
        ["bcache0", "LVM volume for vg0"],
        ["vg0-data", "Unused"],
      ],
    );
    const shown = await world.make<Record<string, unknown[]>>("GET", `machines/${id}/`);
    assert.deepEqual(shown["volume_groups"], [{ system_id: id, id: group.id, __incomplete__: true }]);
    assert.deepEqual(shown["bcaches"], [{ system_id: id, id: bcache.id, __incomplete__: true }]);
    assert.deepEqual(shown["cache_sets"], [{ system_id: id, id: set1.id, __incomplete__: true }]);
    assert.equal(shown["virtualblockdevice_set"]?.length, 2);
    const raid = { form: { level: "raid-1", partitions: ["sda-part2"], block_devices: [String(volume.id)] } };
    assert.match(await ask("POST", "raids/", raid), /^400 \{"partitions":\["must be unused/);
    const delete1 = { op: "delete_logical_volume", form: { id: String(volume.id) } };
    assert.equal(await ask("POST", `volume-group/${group.id}/`, delete1), "204 ");
  });
});
