import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { EnlistRequest } from "@rackwright/contract";
import { type TestDatabase, testDatabase } from "../database/testing.ts";
import { enlistMachine } from "./enlist.ts";
import { findMachineByMac, usableUuid } from "./identity.ts";
import { saveBmc } from "./bmc.ts";
import { saveInventory } from "./inventory.ts";
import { testInventory } from "./testing.ts";

let database: TestDatabase;
before(async () => (database = await testDatabase()));
after(() => database.close());

const now = new Date("2026-01-01T12:00:00Z");
const card = (mac: string, boot = false) => ({ ...testInventory(mac).interfaces[0]!, name: `n${mac.slice(-2)}`, boot });
const request = (macs: string[], more: Partial<EnlistRequest> = {}): EnlistRequest => ({
  architecture: "amd64",
  firmware: "uefi",
  uuid: null,
  serial: null,
  interfaces: macs.map((mac, index) => card(mac, index === 1)),
  bmc: null,
  ...more,
});
const enlist = (asked: EnlistRequest) => database.db.transaction().execute((tx) => enlistMachine(tx, asked, { now }));
const count = async () => (await database.db.selectFrom("machines").select("id").execute()).length;

test("two cards of a new machine that introduce it at once make one machine", async () => {
  const both = request(["52:54:00:01:00:01", "52:54:00:01:00:02"]);
  const [one, two] = await Promise.all([enlist(both), enlist({ ...both, interfaces: both.interfaces.toReversed() })]);
  assert.equal(one.machineId, two.machineId);
  assert.deepEqual(
    [one.created, two.created].map(Number).sort((a, b) => a - b),
    [0, 1],
  );
  const row = await database.db.selectFrom("machines").select(["boot_mac", "status"]).executeTakeFirstOrThrow();
  assert.deepEqual(row, { boot_mac: "52:54:00:01:00:02", status: "new" });
  assert.equal((await findMachineByMac(database.db, "52:54:00:01:00:01"))?.id, one.machineId);
});

test("the same machine is known by card, UUID or BMC address; a UUID many share tells nothing", async () => {
  const uuid = "4C4C4544-0042-3010-8051-B7C04F4A4D31";
  const bmc = {
    driver: "ipmi" as const,
    parameters: { power_address: "10.0.0.9", power_user: "maas", power_pass: "x" },
  };
  const first = await enlist(request(["52:54:00:02:00:01"], { uuid, bmc }));
  const before2 = await count();
  assert.equal((await enlist(request(["52:54:00:02:00:01"]))).machineId, first.machineId);
  assert.equal((await enlist(request(["52:54:00:02:00:02"], { uuid: uuid.toLowerCase() }))).machineId, first.machineId);
  assert.equal((await enlist(request(["52:54:00:02:00:03"], { bmc }))).machineId, first.machineId);
  assert.equal(await count(), before2);
  const shared = "03000200-0400-0500-0006-000700080009";
  assert.equal(usableUuid(shared), null);
  const [a, b] = [
    await enlist(request(["52:54:00:03:00:01"], { uuid: shared })),
    await enlist(request(["52:54:00:03:00:02"], { uuid: shared })),
  ];
  assert.notEqual(a.machineId, b.machineId);
});

test("a BMC is asked only once there is an account on it", async () => {
  const address = { power_address: "10.0.0.77" };
  const bmc = { driver: "ipmi" as const, parameters: address };
  const { machineId } = await enlist(request(["52:54:00:07:00:01"], { bmc }));
  const state = () =>
    database.db
      .selectFrom("machines")
      .select(["power_driver", "power_parameters", "power_state"])
      .where("id", "=", machineId)
      .executeTakeFirstOrThrow();
  const without = { power_driver: null, power_parameters: address, power_state: "unknown" };
  assert.deepEqual(await state(), without);
  await enlist(request(["52:54:00:07:00:01"], { bmc }));
  assert.deepEqual(await state(), without);
  const account = { ...address, power_user: "rackwright", power_pass: "x" };
  await database.db.transaction().execute((tx) => saveBmc(tx, machineId, { driver: "ipmi", parameters: account }));
  const managed = { power_driver: "ipmi", power_parameters: account, power_state: "unknown" };
  assert.deepEqual(await state(), managed);
  await enlist(request(["52:54:00:07:00:01"], { bmc }));
  assert.deepEqual(await state(), managed);
  const told = await database.db
    .selectFrom("events")
    .select("message")
    .where("machine_id", "=", machineId)
    .where("type", "=", "machine.inventory")
    .execute();
  assert.equal(told.length, 1);
  assert.match(told[0]?.message ?? "", /at 10\.0\.0\.77, with an account for us$/);
});

test("a machine in somebody's hands is known, but what a stranger says of it changes nothing", async () => {
  const { machineId } = await enlist(request(["52:54:00:04:00:01"]));
  await database.db
    .updateTable("machines")
    .set({ status: "deployed", owner_id: 1 })
    .where("id", "=", machineId)
    .execute();
  const bmc = { driver: "ipmi" as const, parameters: { power_address: "6.6.6.6" } };
  const again = await enlist(request(["52:54:00:04:00:01"], { bmc, firmware: "bios" }));
  assert.deepEqual([again.machineId, again.created, again.status], [machineId, false, "deployed"]);
  const row = await database.db
    .selectFrom("machines")
    .selectAll()
    .where("id", "=", machineId)
    .executeTakeFirstOrThrow();
  assert.deepEqual([row.power_parameters, row.firmware], [{}, "uefi"]);
});

test("an inventory replaces the cards, but takes none from another machine", async () => {
  const [mine, other] = [await enlist(request(["52:54:00:05:00:01"])), await enlist(request(["52:54:00:05:00:02"]))];
  const inventory = testInventory("52:54:00:05:00:03");
  inventory.interfaces.push(card("52:54:00:05:00:02"));
  await database.db.transaction().execute((tx) => saveInventory(tx, mine.machineId, inventory, new Date()));
  const macs = await database.db
    .selectFrom("interfaces")
    .select("mac")
    .where("machine_id", "=", mine.machineId)
    .execute();
  assert.deepEqual(macs, [{ mac: "52:54:00:05:00:03" }]);
  assert.equal((await findMachineByMac(database.db, "52:54:00:05:00:02"))?.id, other.machineId);
  const warned = await database.db.selectFrom("events").select("mac").where("type", "=", "network.problem").execute();
  assert.deepEqual(warned, [{ mac: "52:54:00:05:00:02" }]);
});
