import type { MachineStatus, ResultType, ScriptStatus } from "@rackwright/contract";
import { type Kysely, type RawBuilder, sql } from "kysely";
import type { Tables } from "../database/tables.ts";

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
  tags: string[];
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
  hwe_kernel: string;
  min_hwe_kernel: string;
  architecture: string | null;
  firmware: string | null;
  boot_mac: string | null;
  cpu_count: number | null;
  cpu_speed: number | null;
  memory: number | null;
  storage: number | null;
  swap_size: number | null;
  hardware_info: string;
  numa_nodes: string;
};

/** Where a list goes on: after the machine created then. The moment as text, since a Date has no microseconds. */
export type Position = { created: string; id: string };

/**
 * Machines in the order in which they were made.
 *
 * @param where a condition on `machines`
 */
export async function machineRows(
  db: Kysely<Tables>,
  where: RawBuilder<boolean>,
  { after, limit }: { after?: Position | undefined; limit?: number | undefined } = {},
): Promise<(MachineViewRow & { created: string })[]> {
  const onwards =
    after === undefined
      ? sql`true`
      : sql`(machines.created_at, machines.id) > (${after.created}::timestamptz, ${after.id})`;
  const { rows } = await sql<MachineViewRow & { created: string }>`
    select machines.id, machines.hostname, machines.description, machines.uuid, machines.zone_id, machines.pool_id,
      machines.domain_id, users.username as owner, machines.annotations::text as annotations,
      array(select tags.name from machine_tags join tags on tags.id = machine_tags.tag_id
        where machine_tags.machine_id = machines.id order by tags.name) as tags,
      machines.locked, machines.address_ttl, machines.status, told.type as event_type, told.message as event_message,
      machines.failure ->> 'message' as failure, machines.power_state, machines.power_driver, machines.netboot,
      machines.ephemeral, machines.enable_hw_sync, machines.enable_kernel_crash_dump, machines.is_dpu, machines.image,
      machines.hwe_kernel, machines.min_hwe_kernel, machines.architecture, machines.firmware, machines.boot_mac,
      machines.cpu_count, machines.cpu_speed, machines.memory, machines.storage, machines.swap_size,
      machines.hardware_info::text as hardware_info, machines.numa_nodes::text as numa_nodes,
      machines.created_at::text as created
    from machines
      left join users on users.id = machines.owner_id
      left join lateral (select type, message from events
        where events.machine_id = machines.id and level <> 'debug' order by id desc limit 1) as told on true
    where ${where} and ${onwards}
    order by machines.created_at, machines.id
    limit ${limit ?? null}`.execute(db);
  return rows;
}

/** What scripts came to on one machine: the newest set of each type, and how its runs stand by what they are about. */
export type MachineResults = {
  sets: Partial<Record<ResultType, number>>;
  statuses: { type: ResultType; hardware: string; statuses: ScriptStatus[] }[];
};

/** Results of machines by their ids: one query, however many there are. */
export async function resultsOf(db: Kysely<Tables>, ids: readonly string[]): Promise<Map<string, MachineResults>> {
  const { rows } = await sql<{
    machine_id: string;
    type: ResultType;
    id: number;
    hardware: string | null;
    statuses: ScriptStatus[] | null;
  }>`
    with newest as materialized (
      select distinct on (machine_id, type) machine_id, type, id from script_sets
      where machine_id = any(${[...ids]}::text[]) order by machine_id, type, id desc
    )
    select newest.machine_id, newest.type, newest.id, runs.hardware_type as hardware,
      array_agg(distinct runs.status) filter (where not runs.suppressed) as statuses
    from newest left join script_results as runs on runs.set_id = newest.id
    group by 1, 2, 3, 4`.execute(db);
  const found = new Map<string, MachineResults>();
  for (const { machine_id, type, id, hardware, statuses } of rows) {
    const one = found.get(machine_id) ?? { sets: {}, statuses: [] };
    one.sets[type] = id;
    if (hardware !== null && statuses !== null) one.statuses.push({ type, hardware, statuses });
    found.set(machine_id, one);
  }
  return found;
}
