import type { Architecture, Firmware, MachineStatus, ResultType, ScriptStatus } from "@rackwright/contract";
import { type Kysely, type RawBuilder, sql } from "kysely";
import { preparedAs } from "../database/prepare.ts";
import type { Tables } from "../database/tables.ts";
import { type ConnectionRows, type Interface, connectionColumns, connectionKeys } from "../interfaces/read.ts";
import { storageForm } from "./storage-text.ts";

/** A machine as its own row and its index tell, without its inventory. What is JSON already comes as text. */
export type MachineViewRow = {
  id: string;
  hostname: string;
  description: string;
  uuid: string | null;
  zone_id: number;
  pool_id: number;
  domain_id: number;
  owner: string | null;
  annotations: string;
  /** Of tags. */
  tag_ids: number[];
  locked: boolean;
  address_ttl: number | null;
  status: MachineStatus;
  event_type: string | null;
  event_message: string | null;
  failure: string | null;
  power_state: string;
  power_driver: string | null;
  netboot: boolean;
  ephemeral: boolean;
  enable_hw_sync: boolean;
  enable_kernel_crash_dump: boolean;
  is_dpu: boolean;
  image: string | null;
  /** An installed system holds its addresses. */
  runs: boolean;
  hwe_kernel: string;
  min_hwe_kernel: string;
  architecture: Architecture | null;
  firmware: Firmware | null;
  boot_mac: string | null;
  cpu_count: number | null;
  cpu_speed: number | null;
  memory: number | null;
  storage: number | null;
  swap_size: number | null;
  hardware_info: string;
  numa_nodes: string;
};

/** An interface as a list of machines needs it. */
export type CardRow = Pick<
  Interface,
  "id" | "name" | "type" | "own_mac" | "mac_from_id" | "vlan_id" | "mtu" | "enabled"
>;

/** How the newest set of scripts of a type went, by what its scripts are about. */
export type ResultRow = { type: ResultType; id: number; hardware: string | null; statuses: ScriptStatus[] | null };

/**
 * What hangs on a machine, in the order of ids; null for none. `shown_cards` is a line of JSON text, after its first brace,
 * for each card, of all that follows from its row alone.
 */
export type MachineParts = {
  results: ResultRow[] | null;
  cards: CardRow[] | null;
  shown_cards: string | null;
  parents: ConnectionRows["parents"] | null;
  links: ConnectionRows["links"] | null;
  leases: ConnectionRows["leases"] | null;
  /** See storage-text.ts; null where none is kept. */
  storage_text: string | null;
};

/** A machine with all that hangs on it. */
export type MachineRow = MachineViewRow & MachineParts;

/** Where a list goes on: after the machine created then. The moment as text, since a Date has no microseconds. */
export type Position = { created: string; id: string };

/**
 * Which machines a page of a list is of, in the order in which they were made, each with the position after it.
 *
 * @param where a condition on `machines`
 */
export async function machineKeys(
  db: Kysely<Tables>,
  where: RawBuilder<boolean>,
  { after, limit }: { after?: Position | undefined; limit: number },
): Promise<Position[]> {
  const onwards =
    after === undefined
      ? sql`true`
      : sql`(machines.created_at, machines.id) > (${after.created}::timestamptz, ${after.id})`;
  const { rows } = await sql<Position>`
    select machines.id, machines.created_at::text as created from machines where ${where} and ${onwards}
    order by machines.created_at, machines.id limit ${limit}`.execute(db);
  return rows;
}

/**
 * Machines with all that hangs on them, in the order in which they were made, some at a time as they arrive. It is one
 * statement, so that all of it is of one moment. What there are several of comes as JSON, which is read many times faster
 * than columns of rows. Unknown machines are left out.
 *
 * @param now at which leases count
 */
export async function* machineRows(
  db: Kysely<Tables>,
  ids: readonly string[],
  now: Date,
): AsyncGenerator<MachineRow[]> {
  const statement = sql<MachineRow>`${sql.raw(preparedAs("machine_rows"))}
    with page as materialized (
      select machines.*, users.username as owner from machines left join users on users.id = machines.owner_id
      where machines.id = any(${ids}::text[]))
    select ${machineColumns},
      (select json_agg(found) from (
        select newest.type, newest.id, runs.hardware_type as hardware,
          array_agg(distinct runs.status) filter (where not runs.suppressed) as statuses
        from (select distinct on (type) type, id from script_sets where machine_id = page.id order by type, id desc)
          as newest left join script_results as runs on runs.set_id = newest.id
        group by 1, 2, 3) as found) as results,
      card.rows as cards, card.shown as shown_cards, ${connectionColumns("card", now)}, storage.text as storage_text
    from page
      left join lateral (select type, message from events
        where events.machine_id = page.id and level <> 'debug' order by id desc limit 1) as told on true
      left join lateral (
        select json_agg(entry) as rows, string_agg(shown, chr(10)) as shown, ${connectionKeys} from (
          select id, type, mac, shown, row_to_json((select entry from (
            select id, name, type, mac as own_mac, mac_from_id, vlan_id, mtu, enabled) as entry)) as entry
          from interfaces where machine_id = page.id order by id) as own) as card on true
      left join storage_texts as storage on storage.machine_id = page.id and form = ${storageForm}
    order by page.created_at, page.id`.compile(db);
  for await (const { rows } of db.getExecutor().stream(statement, ids.length)) yield rows;
}

const machineColumns = sql.raw(`
  page.id, hostname, description, uuid, zone_id, pool_id, domain_id, owner, annotations::text as annotations,
  (select coalesce(json_agg(tag_id), '[]') from machine_tags where machine_id = page.id) as tag_ids,
  locked, address_ttl, status, told.type as event_type, told.message as event_message,
  failure ->> 'message' as failure, power_state, power_driver, netboot, ephemeral, enable_hw_sync,
  enable_kernel_crash_dump, is_dpu, image, installed or status = 'deploying' as runs, hwe_kernel, min_hwe_kernel,
  architecture, firmware, boot_mac, cpu_count, cpu_speed, memory, storage, swap_size,
  hardware_info::text as hardware_info, numa_nodes::text as numa_nodes`);
