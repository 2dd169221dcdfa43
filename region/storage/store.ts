import { type Kysely, sql } from "kysely";
import { json } from "../database/pool.ts";
import type { Transaction } from "../database/pool.ts";
import type { Tables } from "../database/tables.ts";
import type { BlockDevice, Storage } from "./model.ts";

type Parts = Pick<Storage, "devices" | "partitions" | "filesystems" | "groups" | "cacheSets">;
type StorageRow = { [part in keyof Parts]: Parts[part] | null } & Pick<Storage, "architecture" | "firmware"> & {
    id: string;
    boot_disk_id: number | null;
  };

const parts: Record<keyof Parts, string> = {
  devices: "block_devices where machine_id = machines.id order by id",
  partitions: "partitions where machine_id = machines.id order by device_id, number",
  filesystems: "filesystems where machine_id = machines.id order by id",
  groups: "storage_groups where machine_id = machines.id order by id",
  cacheSets: "storage_cache_sets where machine_id = machines.id order by id",
};

/**
 * The storage of machines, by machine id, in one query however many they are. Unknown machines are left out.
 *
 * The rows of each kind come as JSON: for thousands of them the driver would take several times as long to make objects of
 * columns.
 */
export async function loadStorages(db: Kysely<Tables>, machineIds: readonly string[]): Promise<Map<string, Storage>> {
  const columns = Object.entries(parts).map(
    ([name, rows]) => sql`(select json_agg(entry) from (select * from ${sql.raw(rows)}) as entry) as ${sql.ref(name)}`,
  );
  const { rows } = await sql<StorageRow>`
    select id, architecture, firmware, ${sql.join(columns)},
      (select boot_disk_id from machine_storage where machine_id = machines.id) as boot_disk_id
    from machines where id = any(${machineIds}::text[])`.execute(db);
  return new Map(rows.map((row) => [row.id, storageOfRow(row)]));
}

function storageOfRow({ id, architecture, firmware, ...row }: StorageRow): Storage {
  return {
    machineId: id,
    architecture,
    firmware,
    bootDiskId: row.boot_disk_id,
    devices: row.devices ?? [],
    partitions: row.partitions ?? [],
    filesystems: row.filesystems ?? [],
    groups: row.groups ?? [],
    cacheSets: row.cacheSets ?? [],
  };
}

/** Children first: what is deleted takes nothing with it that stays. */
const tables = [
  ["filesystems", "filesystems"],
  ["partitions", "partitions"],
  ["devices", "block_devices"],
  ["groups", "storage_groups"],
  ["cacheSets", "storage_cache_sets"],
] as const;
type Row = Storage[(typeof tables)[number][0]][number];

/**
 * Brings the database from one state of a machine's storage to another, and gives new things their ids, also in
 * `after`. The machine's row must be locked.
 */
export async function saveStorage(tx: Transaction, before: Storage, after: Storage): Promise<void> {
  await giveIds(tx, after);
  for (const [part, table] of tables) {
    const kept = new Set(after[part].map(({ id }) => id));
    const gone = before[part].filter(({ id }) => !kept.has(id)).map(({ id }) => id);
    if (gone.length > 0) await sql`delete from ${sql.table(table)} where id = any(${gone}::bigint[])`.execute(tx);
  }
  for (const [part, table] of tables.toReversed()) await upsert(tx, table, changed(before[part], after[part]));
  if (before.bootDiskId !== after.bootDiskId)
    await tx
      .insertInto("machine_storage")
      .values({ machine_id: after.machineId, boot_disk_id: after.bootDiskId })
      .onConflict((conflict) => conflict.column("machine_id").doUpdateSet({ boot_disk_id: after.bootDiskId }))
      .execute();
}

function changed(before: readonly Row[], after: readonly Row[]): Row[] {
  const known = new Map(before.map((row) => [row.id, JSON.stringify(row)]));
  return after.filter((row) => known.get(row.id) !== JSON.stringify(row));
}

async function upsert(tx: Transaction, table: string, rows: readonly Row[]): Promise<void> {
  const [first] = rows;
  if (first === undefined) return;
  const columns = Object.keys(first);
  const names = sql.join(columns.map((column) => sql.ref(column)));
  const updates = columns
    .filter((column) => column !== "id")
    .map((column) => sql`${sql.ref(column)} = excluded.${sql.ref(column)}`);
  await sql`
    insert into ${sql.table(table)} (${names})
    select ${names} from jsonb_populate_recordset(null::${sql.table(table)}, ${json(rows)})
    on conflict (id) do update set ${sql.join(updates)}`.execute(tx);
}

/** Replaces the negative numbers that stand for ids not given yet, wherever they are named. */
async function giveIds(tx: Transaction, storage: Storage): Promise<void> {
  const { filesystems, partitions, devices, groups, cacheSets } = storage;
  const rows: Row[] = [...filesystems, ...partitions, ...devices, ...groups, ...cacheSets];
  const waiting = rows.filter(({ id }) => id < 0).map(({ id }) => id);
  if (waiting.length === 0) return;
  const { rows: given } = await sql<{ id: number }>`
    select nextval('storage_ids') as id from generate_series(1, ${waiting.length})`.execute(tx);
  // The first made gets the lowest.
  const ids = new Map(waiting.toSorted((a, b) => b - a).map((id, at) => [id, given[at]?.id ?? id]));
  const real = (id: number): number => ids.get(id) ?? id;
  const maybe = (id: number | null): number | null => (id === null ? null : real(id));
  for (const row of rows) row.id = real(row.id);
  for (const device of storage.devices) device.group_id = maybe(device.group_id);
  for (const partition of storage.partitions) partition.device_id = real(partition.device_id);
  for (const group of storage.groups) group.cache_set_id = maybe(group.cache_set_id);
  for (const one of storage.filesystems) {
    one.device_id = maybe(one.device_id);
    one.partition_id = maybe(one.partition_id);
    one.group_id = maybe(one.group_id);
    one.cache_set_id = maybe(one.cache_set_id);
  }
  storage.bootDiskId = maybe(storage.bootDiskId);
  storage.devices.sort(byId);
  storage.partitions.sort((a, b) => a.device_id - b.device_id || a.number - b.number);
}

const byId = (a: BlockDevice, b: BlockDevice): number => a.id - b.id;
