import { type Kysely, sql } from "kysely";
import { json } from "../database/pool.ts";
import type { Transaction } from "../database/pool.ts";
import type { Tables } from "../database/tables.ts";
import { type BlockDevice, type Storage, emptyStorage } from "./model.ts";

/** The storage of machines, by machine id, in six queries however many they are. Unknown machines are left out. */
export async function loadStorages(db: Kysely<Tables>, machineIds: readonly string[]): Promise<Map<string, Storage>> {
  const ids = sql<boolean>`machine_id = any(${machineIds}::text[])`;
  const machines = await db
    .selectFrom("machines")
    .leftJoin("machine_storage", "machine_storage.machine_id", "machines.id")
    .select(["machines.id", "architecture", "firmware", "boot_disk_id"])
    .where(sql<boolean>`machines.id = any(${machineIds}::text[])`)
    .execute();
  const storages = new Map<string, Storage>();
  for (const { id, architecture, firmware, boot_disk_id } of machines)
    storages.set(id, { ...emptyStorage(id), architecture, firmware, bootDiskId: boot_disk_id });
  const spread = <Row extends { machine_id: string }>(rows: readonly Row[], into: (storage: Storage) => Row[]) => {
    for (const row of rows) {
      const storage = storages.get(row.machine_id);
      if (storage) into(storage).push(row);
    }
  };
  const devices = await db.selectFrom("block_devices").selectAll().where(ids).orderBy("id").execute();
  spread(devices, (storage) => storage.devices);
  const ordered = db.selectFrom("partitions").selectAll().where(ids).orderBy("device_id").orderBy("number");
  spread(await ordered.execute(), (storage) => storage.partitions);
  const filesystems = await db.selectFrom("filesystems").selectAll().where(ids).orderBy("id").execute();
  spread(filesystems, (storage) => storage.filesystems);
  const groups = await db.selectFrom("storage_groups").selectAll().where(ids).orderBy("id").execute();
  spread(groups, (storage) => storage.groups);
  const sets = await db.selectFrom("storage_cache_sets").selectAll().where(ids).orderBy("id").execute();
  spread(sets, (storage) => storage.cacheSets);
  return storages;
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
  const columns = Object.keys(first).filter((column) => column !== "id");
  const updates = columns.map((column) => sql`${sql.ref(column)} = excluded.${sql.ref(column)}`);
  await sql`
    insert into ${sql.table(table)} select * from jsonb_populate_recordset(null::${sql.table(table)}, ${json(rows)})
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
