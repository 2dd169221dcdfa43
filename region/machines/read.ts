import type { Machine, MachineAction, MachineDetail } from "@rackwright/contract";
import { type Kysely, sql } from "kysely";
import type { Tables } from "../database/tables.ts";
import { NotFound } from "../errors.ts";
import { type Caller, mayApply } from "./fire.ts";
import { lifecycle, triggersIn } from "./lifecycle.ts";

export type MachineFilter = {
  status?: string[] | undefined;
  hostname?: string | undefined;
  mac?: string | undefined;
  /** Part of a hostname, MAC address, id or serial number. */
  q?: string | undefined;
};

const integer = (path: string) => sql<number | null>`(inventory #>> ${path}::text[])::bigint`;

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
      "users.username as owner",
      "architecture",
      "firmware",
      "power_state",
      "power_driver",
      "boot_mac",
      "image",
      "progress",
      "machines.created_at",
      sql<string | null>`power_parameters ->> 'power_address'`.as("power_address"),
      integer("{cpu,threads}").as("cpu_count"),
      integer("{memory,total}").as("memory"),
      sql<number | null>`(select sum((disk ->> 'size')::bigint)::bigint
        from jsonb_array_elements(inventory -> 'disks') as disk)`.as("storage"),
      sql<string[]>`array(select mac from interfaces where machine_id = machines.id order by id)`.as("macs"),
      sql<string[]>`array(select distinct host(address) from leases join interfaces using (mac)
        where machine_id = machines.id and state = 'leased' and expires_at > ${now})`.as("addresses"),
    ]);
}
type Row = Awaited<ReturnType<ReturnType<typeof machines>["executeTakeFirstOrThrow"]>>;

/** What this user may ask of the machine now. */
export function actionsFor(
  machine: Pick<Row, "status" | "owner_id" | "power_driver">,
  viewer: Caller,
): MachineAction[] {
  const life = triggersIn(machine.status).filter((trigger) => {
    const rule = lifecycle[machine.status][trigger];
    return rule !== undefined && mayApply(rule.by, machine.owner_id, viewer);
  });
  if (machine.power_driver === null || machine.power_driver === "manual") return life;
  const power = mayApply("owner", machine.owner_id, viewer)
    ? (["power_on", "power_off", "power_cycle", "query_power"] as const)
    : (["query_power"] as const);
  return [...life, ...power];
}

function toMachine({ owner_id, ...row }: Row, viewer: Caller): Machine {
  return {
    ...row,
    status_since: row.status_since.toISOString(),
    deadline: row.deadline?.toISOString() ?? null,
    created_at: row.created_at.toISOString(),
    actions: actionsFor({ ...row, owner_id }, viewer),
  };
}

export type Page<T> = { items: T[]; next: string | null };

/** One page of machines in the order of their ids; `cursor` is the id of the last one seen. */
export async function listMachines(
  db: Kysely<Tables>,
  filter: MachineFilter,
  { limit, cursor, viewer, now }: { limit: number; cursor?: string | undefined; viewer: Caller; now: Date },
): Promise<Page<Machine>> {
  const like = filter.q === undefined ? "" : `%${filter.q.toLowerCase().replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
  const rows = await machines(db, now)
    .$if(cursor !== undefined, (query) => query.where("machines.id", ">", cursor ?? ""))
    .$if(filter.status !== undefined, (query) =>
      query.where("status", "in", (filter.status ?? []) as Machine["status"][]),
    )
    .$if(filter.hostname !== undefined, (query) => query.where("hostname", "=", filter.hostname ?? ""))
    .$if(filter.mac !== undefined, (query) =>
      query.where(sql<boolean>`exists (select from interfaces where machine_id = machines.id and mac = ${filter.mac})`),
    )
    .$if(filter.q !== undefined, (query) =>
      query.where(
        sql<boolean>`(machines.id like ${like} or hostname like ${like} or lower(serial) like ${like}
          or exists (select from interfaces where machine_id = machines.id and mac like ${like}))`,
      ),
    )
    .orderBy("machines.id")
    .limit(limit + 1)
    .execute();
  const items = rows.slice(0, limit).map((row) => toMachine(row, viewer));
  return { items, next: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
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
  const row = await machines(db, now).select("inventory").where("machines.id", "=", id).executeTakeFirst();
  if (!row) throw new NotFound(`There is no machine ${id}.`, { next: "List machines to see their ids." });
  const { inventory, ...machine } = row;
  return { ...toMachine(machine, viewer), inventory };
}
