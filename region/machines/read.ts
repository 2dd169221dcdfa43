import type { Filter, Machine, MachineDetail } from "@rackwright/contract";
import { type Kysely, sql } from "kysely";
import type { Tables } from "../database/tables.ts";
import { NotFound } from "../errors.ts";
import { type Page, cutPage } from "../page.ts";
import { type Caller, visibleMachines } from "../users/access.ts";
import { containsText, filterCondition } from "./filter.ts";
import { type Sort, keyset } from "../sort.ts";
import { actionsFor, hintsFor } from "./hints.ts";
import { type MachineOrder, machinePlain, machineOrders } from "./order.ts";

export type MachineFilter = {
  status?: string[] | undefined;
  hostname?: string | undefined;
  mac?: string | undefined;
  /** Part of a hostname, MAC address, id, serial number or model. */
  q?: string | undefined;
  filter?: Filter | undefined;
};

/** Machines with what the API shows of them, without the inventory itself. */
function machines(db: Kysely<Tables>, now: Date) {
  return db
    .selectFrom("machines")
    .leftJoin("users", "users.id", "machines.owner_id")
    .select([
      "machines.id",
      "hostname",
      "status",
      "status_since",
      "waits_for",
      "deadline",
      "failure",
      "owner_id",
      "pool_id",
      "users.username as owner",
      "architecture",
      "firmware",
      "power_state",
      "power_driver",
      "boot_mac",
      "image",
      "progress",
      "locked",
      "ephemeral",
      "installed",
      "previous_status",
      "machines.created_at",
      sql<string | null>`power_parameters ->> 'power_address'`.as("power_address"),
      "cpu_count",
      "memory",
      "storage",
      "inventoried",
      sql<string>`(select name from zones where id = machines.zone_id)`.as("zone"),
      sql<string>`(select name from pools where id = machines.pool_id)`.as("pool"),
      sql<string[]>`array(select name from machine_tags join tags on tags.id = tag_id
        where machine_id = machines.id order by name)`.as("tags"),
      sql<
        string[]
      >`array(select mac from interfaces where machine_id = machines.id and mac is not null order by id)`.as("macs"),
      sql<string[]>`array(
        select host(address) from leases join interfaces using (mac)
        where machine_id = machines.id and state = 'leased' and expires_at > ${now}
        union select host(address) from interfaces join interface_links on interface_id = interfaces.id
          join ip_addresses on ip_addresses.id = ip_address_id where machine_id = machines.id)`.as("addresses"),
    ]);
}
type Row = Awaited<ReturnType<ReturnType<typeof machines>["executeTakeFirstOrThrow"]>>;

function toMachine(found: Omit<Row, "previous_status">, viewer: Caller): Machine {
  const { owner_id, pool_id, installed, inventoried, ...row } = found;
  return {
    ...row,
    status_since: row.status_since.toISOString(),
    deadline: row.deadline?.toISOString() ?? null,
    created_at: row.created_at.toISOString(),
    actions: actionsFor({ ...row, owner_id, pool_id, installed, inventoried: inventoried === true }, viewer),
  };
}

/** Which machines a list shows, of those the viewer sees. */
function wanted(db: Kysely<Tables>, filter: MachineFilter, viewer: Caller) {
  return db
    .selectFrom("machines")
    .where(visibleMachines(viewer))
    .$if(filter.status !== undefined, (query) =>
      query.where("status", "in", (filter.status ?? []) as Machine["status"][]),
    )
    .$if(filter.hostname !== undefined, (query) => query.where("hostname", "=", filter.hostname ?? ""))
    .$if(filter.mac !== undefined, (query) =>
      query.where(sql<boolean>`exists (select from interfaces where machine_id = machines.id and mac = ${filter.mac})`),
    )
    .$if(filter.q !== undefined, (query) => query.where(containsText(filter.q ?? "")))
    .$if(filter.filter !== undefined, (query) =>
      query.where(filterCondition(filter.filter ?? { kind: "and", of: [] })),
    );
}

type Order = { limit: number; cursor?: string | undefined; sort?: Sort<MachineOrder> | undefined };

/**
 * One page of machines, sorted as asked for or by their ids. Which they are is found first, by an index where there is
 * one; what is shown of them is read for those only.
 *
 * @throws InputError for a cursor that is not of this order
 */
export async function listMachines(
  db: Kysely<Tables>,
  filter: MachineFilter,
  { limit, cursor, sort = [], viewer, now }: Order & { viewer: Caller; now: Date },
): Promise<Page<Machine>> {
  const { keys, orderBy, after, cursorOf } = keyset(sort, machineOrders, machinePlain, cursor);
  const found = await wanted(db, filter, viewer)
    .select(["machines.id", keys.as("keys")])
    .where(after)
    .orderBy(orderBy)
    .limit(limit + 1)
    .execute();
  const ids = found.slice(0, limit).map(({ id }) => id);
  const rows = await machines(db, now)
    .where("machines.id", "in", [...ids, ""])
    .execute();
  const byId = new Map(rows.map((row) => [row.id, row]));
  // One that was deleted in between is not there any more.
  const items = ids.flatMap((id) => byId.get(id) ?? []).map((row) => toMachine(row, viewer));
  return { items, next: cutPage(found, limit, (last) => cursorOf(last.keys)).next };
}

/**
 * One machine with its inventory.
 *
 * @throws NotFound
 */
export async function readMachine(
  db: Kysely<Tables>,
  id: string,
  { viewer, now }: { viewer: Caller; now: Date },
): Promise<MachineDetail> {
  const row = await machines(db, now)
    .select("inventory")
    .where("machines.id", "=", id)
    .where(visibleMachines(viewer))
    .executeTakeFirst();
  if (!row) throw new NotFound(`There is no machine ${id}.`, { next: "List machines to see their ids." });
  const { inventory, ...machine } = row;
  const hints = hintsFor({ ...machine, inventoried: inventory !== null }, viewer);
  return { ...toMachine(machine, viewer), previous_status: machine.previous_status, inventory, hints };
}
