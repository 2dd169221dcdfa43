import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import fc from "fast-check";
import { json } from "../database/pool.ts";
import { testWorld } from "./testing/world.ts";

let world: Awaited<ReturnType<typeof testWorld>>;
before(async () => (world = await testWorld()));
after(() => world.close());

type Shown = { id: number }[];

/** Texts of hardware as strangers write it. */
const said = fc.option(
  fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom('"', "\n", "\\", "é", "a\u0001b", "\u2028", "")),
);
const word = said.map((text) => (text === null ? null : text.replaceAll("\0", "").toWellFormed()));
const tags = fc.array(fc.constantFrom("a", "sriov", 'q"', "ü", "x y"), { maxLength: 3 });
const whole = fc.integer({ min: 0, max: 1e6 });
const option = fc.constantFrom("accept_ra", "bond_mode", "bridge_stp", "mtu");
const params = fc.dictionary(option, fc.oneof(fc.boolean(), whole, fc.constantFrom("slow", "é")), { maxKeys: 3 });

const card = fc.record({
  vendor: word,
  product: word,
  firmware_version: word,
  tags,
  params,
  mtu: fc.option(fc.integer({ min: 552, max: 65_535 })),
  enabled: fc.boolean(),
  link_connected: fc.boolean(),
  interface_speed: whole,
  link_speed: whole,
  numa_node: fc.option(fc.nat(8)),
  sriov_max_vf: fc.nat(256),
});
const disk = fc.record({
  model: word,
  serial: word,
  id_path: word,
  firmware_version: word,
  tags,
  size: fc.integer({ min: 0, max: 2 ** 52 }),
  block_size: fc.constantFrom(512, 4096),
  numa_node: fc.option(fc.nat(8)),
  partition_table: fc.constantFrom("GPT", "MBR", null),
});

test("a machine shows its cards and disks as they are shown by themselves, whatever they are", async () => {
  const id = await world.machine();
  const { id: interfaceId } = await world.db
    .insertInto("interfaces")
    .values({ machine_id: id, name: "eth9", mac: "02:00:5e:00:99:01", vlan_id: 5001 })
    .returning("id")
    .executeTakeFirstOrThrow();
  const { id: deviceId } = await world.db
    .insertInto("block_devices")
    .values({ machine_id: id, name: "sdz", size: 1e9, block_size: 512 })
    .returning("id")
    .executeTakeFirstOrThrow();
  await fc.assert(
    fc.asyncProperty(card, disk, async ({ params: options, ...values }, device) => {
      await world.db
        .updateTable("interfaces")
        .set({ ...values, params: json(options) })
        .where("id", "=", interfaceId)
        .execute();
      await world.db.updateTable("block_devices").set(device).where("id", "=", deviceId).execute();
      const machine = await world.make<{ interface_set: Shown; blockdevice_set: Shown }>("GET", `machines/${id}/`);
      const [listed] = await world.make<[typeof machine]>("GET", "machines/", { query: { id } });
      assert.deepEqual(listed, machine);
      assert.deepEqual(machine.interface_set, await world.make<Shown>("GET", `nodes/${id}/interfaces/`));
      assert.deepEqual(machine.blockdevice_set, await world.make<Shown>("GET", `nodes/${id}/blockdevices/`));
      assert.ok(machine.interface_set.some((one) => one.id === interfaceId));
      assert.ok(machine.blockdevice_set.some((one) => one.id === deviceId));
    }),
    { numRuns: 30 },
  );
});
