import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Inventory, MachineStatus } from "@rackwright/contract";
import { type Database, json } from "../database/pool.ts";
import { type TestDatabase, testDatabase } from "../database/testing.ts";
import { RegionError } from "../errors.ts";
import { fire } from "../machines/fire.ts";
import { testMachine } from "../machines/testing.ts";
import { type Caller, everywhere } from "../users/access.ts";
import { createUser } from "../users/users.ts";
import { writeSettings } from "../settings/settings.ts";
import {
  type LayoutWish,
  type Storage,
  addPartition,
  changeStorage,
  ensureAllStorage,
  ensureStorage,
  findDevice,
  format,
  keepStorage,
  loadStorages,
  mount,
  mountSpecial,
  saveFoundStorage,
  setLayout,
} from "./index.ts";
import { testDisk, testInventory } from "./testing.ts";

const now = new Date("2026-01-02T03:04:05.000Z");
const admin: Caller = { id: 1, username: "ada", administrator: true };

describe("storage in the database", () => {
  let database: TestDatabase;
  let db: Database;
  let ben: Caller;
  before(async () => {
    database = await testDatabase();
    ({ db } = database);
    for (const username of ["ada", "ben"])
      await createUser(db, { username, password: "long enough 1", administrator: false }, { actor: "test", now });
    const users = await db.selectFrom("users").select(["id", "username"]).orderBy("id").execute();
    admin.id = users.find(({ username }) => username === "ada")?.id ?? 0;
    ben = { id: users.find(({ username }) => username === "ben")?.id ?? 0, username: "ben", administrator: false };
    ben.grants = everywhere("user");
  });
  after(() => database.close());

  const disks = (...names: string[]): Inventory => testInventory({ disks: names.map((name) => testDisk(name)) });
  const commissioned = async (inventory: Inventory, status: MachineStatus = "ready"): Promise<string> => {
    const { id } = await testMachine(db, { status, firmware: "bios", inventory: json(inventory) });
    await found(id, inventory);
    return id;
  };
  const found = (id: string, inventory: Inventory) =>
    db.transaction().execute((tx) => saveFoundStorage(tx, id, inventory));
  const load = async (id: string): Promise<Storage> => {
    const storage = (await loadStorages(db, [id])).get(id);
    assert.ok(storage);
    return storage;
  };
  const by = (machineId: string, caller = admin) => ({ machineId, caller, now });
  const edit = (id: string, apply: Parameters<typeof changeStorage<void>>[1]["apply"], caller = admin) =>
    changeStorage<void>(db, { ...by(id, caller), need: "filesystem", what: "changed", apply });
  const mounts = ({ filesystems }: Storage) => filesystems.flatMap(({ mount_point }) => mount_point ?? []).sort();

  it("is what was saved, whatever the layout", async () => {
    const id = await commissioned(disks("sda", "sdb", "sdc", "sdd"));
    for (const [layout, wish] of [
      ["lvm", { vg_name: "vg0", lv_size: { percent: 50 } }],
      ["bcache", { cache_size: { bytes: 4e9 } }],
      ["vmfs6", {}],
      ["flat", { boot_size: { bytes: 1e9 } }],
      ["blank", {}],
    ] as const satisfies readonly [string, LayoutWish][]) {
      await setLayout(db, by(id), layout, wish);
      const first = await load(id);
      const { storage } = await edit(id, () => undefined);
      assert.deepEqual(await load(id), first, layout);
      assert.deepEqual(storage, first, `nothing changes by itself in ${layout}`);
    }
    assert.deepEqual((await load(id)).filesystems, []);
  });

  it("gives what an operation made its id", async () => {
    const id = await commissioned(disks("sda", "sdb"));
    const { made } = await changeStorage(db, {
      ...by(id),
      need: "layout",
      what: "added a partition",
      apply: (storage, make) => addPartition(storage, make, findDevice(storage, "sdb"), { size: 5e9 }),
    });
    assert.ok(made.id > 0);
    assert.deepEqual(
      (await load(id)).partitions.find((one) => one.id === made.id),
      made,
    );
  });

  it("keeps the ids of disks over a commissioning, and lays them out anew unless it shall not", async () => {
    const id = await commissioned(disks("sda", "sdb"));
    const [sda, sdb] = (await load(id)).devices;
    assert.ok(sda && sdb);
    await edit(id, (storage, make) => mountSpecial(storage, make, { fstype: "tmpfs", mount_point: "/fast" }));
    const swapped = testInventory({
      disks: [testDisk("sda", { serial: "sdb", path: "/dev/b" }), testDisk("sdb", { serial: "sda", path: "/dev/a" })],
    });
    await db.transaction().execute((tx) => keepStorage(tx, id, true));
    await found(id, swapped);
    const kept = await load(id);
    assert.deepEqual(
      kept.devices.map((one) => [one.id, one.name, one.serial]),
      [
        [sda.id, "sdb", "sda"],
        [sdb.id, "sda", "sdb"],
      ],
    );
    assert.deepEqual(mounts(kept), ["/", "/fast"]);
    assert.equal(kept.partitions[0]?.device_id, sda.id, "the partition is still on the same disk");
    await db.transaction().execute((tx) => keepStorage(tx, id, false));
    await found(id, disks("sdb", "sdc"));
    const anew = await load(id);
    assert.deepEqual(mounts(anew), ["/"]);
    assert.deepEqual(anew.devices.map(({ name }) => name).sort(), ["sdb", "sdc"]);
    assert.equal(anew.devices.find(({ name }) => name === "sdb")?.id, sdb.id);
  });

  it("keeps a disk that is used and was not found, and says so", async () => {
    const id = await commissioned(disks("sda", "sdb", "sdc"));
    await edit(id, (storage, make) => {
      const place = { device: findDevice(storage, "sdb"), partition: null };
      format(storage, make, place, { fstype: "xfs" });
      mount(storage, place, { mount_point: "/srv" });
    });
    await db.transaction().execute((tx) => keepStorage(tx, id, true));
    await found(id, disks("sda"));
    const { devices } = await load(id);
    assert.deepEqual(
      devices.map((one) => [one.name, one.found]),
      [
        ["sda", true],
        ["sdb", false],
      ],
    );
  });

  it("takes the layout that is set, and flat where the disks do not allow it", async () => {
    await writeSettings(db, { default_storage_layout: "lvm" });
    const volumes = await load(await commissioned(disks("sda")));
    assert.deepEqual(
      volumes.groups.map(({ name }) => name),
      ["vgroot"],
    );
    await writeSettings(db, { default_storage_layout: "vmfs7" });
    const flat = await load(await commissioned(disks("sda")));
    assert.deepEqual([mounts(flat), flat.groups], [["/"], []]);
    await writeSettings(db, { default_storage_layout: "flat" });
    const none = await load(await commissioned(testInventory({ disks: [testDisk("sda", { transport: "usb" })] })));
    assert.deepEqual([none.devices.length, none.filesystems, none.bootDiskId], [1, [], null]);
  });

  it("survives whatever an inventory says of disks", async () => {
    const odd = [
      testDisk("sda", { name: "..", serial: null, path: "", block_size: 0, numa_node: -5 }),
      testDisk("sda", { name: "a\0b", serial: "\ud800", size: 2 ** 53 - 1, block_size: 2 ** 40 }),
      testDisk("sda"),
      testDisk("sda"),
      testDisk("sdb", { size: 0 }),
    ];
    const id = await commissioned(testInventory({ disks: odd }));
    const { devices } = await load(id);
    assert.deepEqual(
      devices.map(({ name }) => name),
      ["..", "a_b", "sda", "sda_2"],
    );
    await found(id, testInventory({ disks: odd.toReversed() }));
    assert.equal((await load(id)).devices.length, 4);
  });

  it("is there for machines that were commissioned before there was any", async () => {
    const inventory = testInventory();
    const { id } = await testMachine(db, { status: "ready", inventory: json(inventory) });
    await testMachine(db, { status: "ready", inventory: json(testInventory({ disks: [] })) });
    await ensureAllStorage(db, new AbortController().signal);
    const storage = await load(id);
    assert.deepEqual(mounts(storage), ["/"]);
    await db.transaction().execute((tx) => ensureStorage(tx, { id, inventory }));
    await ensureAllStorage(db, new AbortController().signal);
    assert.deepEqual(await load(id), storage);
  });

  it("is as before the allocation when the machine is given back", async () => {
    const id = await commissioned(disks("sda", "sdb"));
    const before = await load(id);
    const go = (trigger: "allocate" | "release" | "powered-off") =>
      db
        .transaction()
        .execute((tx) =>
          fire(tx, { machineId: id, trigger, actor: "ben", now, ...(trigger !== "powered-off" && { caller: ben }) }),
        );
    await go("allocate");
    const tmp = (mount_point: string) =>
      edit(id, (storage, make) => mountSpecial(storage, make, { fstype: "tmpfs", mount_point }), ben);
    await tmp("/one");
    await tmp("/two");
    assert.deepEqual(mounts(await load(id)), ["/", "/one", "/two"]);
    await go("release");
    await go("powered-off");
    assert.deepEqual((await load(id)).filesystems, before.filesystems);
    assert.equal(
      (await db.selectFrom("machines").select("status").where("id", "=", id).executeTakeFirst())?.status,
      "ready",
    );
  });

  it("is changed only by who may, and in a status that allows it", async () => {
    const id = await commissioned(disks("sda", "sdb"));
    const set = (values: { status?: MachineStatus; owner_id?: number | null; locked?: boolean }) =>
      db.updateTable("machines").set(values).where("id", "=", id).execute();
    const status = async (need: Parameters<typeof changeStorage>[1]["need"], caller = admin): Promise<number> => {
      try {
        await changeStorage<void>(db, { ...by(id, caller), need, what: "changed", apply: () => undefined });
        return 200;
      } catch (error) {
        assert.ok(error instanceof RegionError);
        return error.status;
      }
    };
    const all = async (caller = admin) =>
      Promise.all((["layout", "disk", "restore", "filesystem", "label"] as const).map((need) => status(need, caller)));
    assert.deepEqual(await all(), [200, 200, 200, 200, 200]);
    assert.deepEqual(await all(ben), [403, 403, 403, 403, 403]);
    await set({ status: "allocated", owner_id: ben.id });
    assert.deepEqual(await all(), [409, 409, 409, 200, 200]);
    assert.deepEqual(await all(ben), [403, 403, 403, 200, 403]);
    await set({ status: "deployed", owner_id: ben.id });
    assert.deepEqual(await all(), [409, 200, 409, 409, 200]);
    assert.deepEqual(await all(ben), [403, 403, 403, 409, 403]);
    await set({ status: "failed testing", owner_id: null });
    assert.deepEqual(await all(), [409, 409, 200, 409, 200]);
    await set({ status: "ready", owner_id: admin.id });
    assert.deepEqual(await all(ben), [404, 404, 404, 404, 404]);
    await set({ status: "ready", owner_id: null, locked: true });
    assert.deepEqual(await all(), [409, 409, 409, 409, 409]);
  });

  it("holds hundreds of disks", async () => {
    const many = Array.from({ length: 300 }, (_, at) => `sd${at}`);
    const id = await commissioned(disks(...many));
    assert.equal((await load(id)).devices.length, 300);
    await setLayout(db, by(id), "lvm", {});
    await found(id, disks(...many.slice(10)));
    assert.equal((await load(id)).devices.length, 290);
  });
});
