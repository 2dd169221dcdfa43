import { sql } from "kysely";
import { type Database, json } from "../../database/pool.ts";
import { testInventory, testMachine } from "../../machines/testing.ts";
import { type Sower, many } from "./sower.ts";

/** Machines of a few models, one of them with a history of inventories. Returns its id. */
export async function seedMachines(db: Database, { whole }: Sower): Promise<string> {
  const ids: string[] = [];
  for (let index = 0; index < many; index++) {
    const inventory = testInventory("52:54:00:00:00:01", 2 ** 30, 1 + whole(2));
    // Six models, each with two machines or more.
    inventory.dmi.system_vendor = ["Dell Inc.", "QEMU"][index % 2] ?? "";
    inventory.dmi.system_product = ["R640", "r650", "R6%0"][index % 3] ?? "";
    ids.push((await testMachine(db, { inventory: json(inventory) })).id);
  }
  const [first = ""] = ids;
  await sql`insert into inventories (machine_id, inventory, taken_at)
    select ${first}, inventory, timestamptz '2026-01-01' + n * interval '37 hours' from machines, generate_series(1, 10) n
    where id = ${first}`.execute(db);
  return first;
}

/** Devices with cards and addresses, and tags. */
export async function seedDevices(
  sower: Sower,
  of: {
    machine: string;
    domains: readonly number[];
    zones: readonly number[];
    people: readonly number[];
    fixed: readonly number[];
  },
): Promise<void> {
  const { fill, pick, flag, some, text, time, mac } = sower;
  const { machine, domains, zones, people, fixed } = of;
  const devices = await fill("devices", (index) => ({
    id: `dec${String(index).padStart(3, "0")}`,
    hostname: `${pick(["printer", "switch"])}-${index}`,
    description: text(),
    domain_id: pick(domains),
    zone_id: pick(zones),
    owner_id: some(pick(people)),
    parent_id: some(machine),
    created_at: time(),
  }));
  const cards = await fill("interfaces", (index) => ({
    device_id: devices[index % 9],
    name: `eth${index}`,
    mac: mac(index + 32),
  }));
  await fill("interface_links", (index) => ({
    interface_id: cards[index],
    mode: "static",
    ip_address_id: fixed[index],
  }));
  await fill("tags", (index) => ({
    name: `${pick(["gpu", "Gpu"])}-${index}`,
    comment: text(),
    kernel_options: pick(["", "quiet"]),
    ...(flag() ? { definition: "cpu>=1", definition_kind: "filter" } : { definition: null, definition_kind: null }),
  }));
}
