import { type Kysely, sql } from "kysely";
import type { Tables } from "../database/tables.ts";
import { type Condition, all } from "./constraints.ts";
import { type StorageMatch, type StoragePiece, type StorageWish, matchStorage } from "./storage-wish.ts";

/**
 * Machines that may fit: for every wish there is a disk or partition of its size with its tags. Whether all of them fit at
 * once, `storageFor` says.
 */
export function mayHaveStorage(wishes: readonly StorageWish[]): Condition {
  return all(
    wishes.map(({ size, tags, partition }) => {
      const table = partition ? sql`partitions as piece` : sql`block_devices as piece`;
      return sql<boolean>`exists (select from ${table} where piece.machine_id = machines.id
        and piece.size >= ${size}::numeric and piece.tags @> ${tags}::text[])`;
    }),
  );
}

/** What of each machine's storage fits the wishes; machines that do not are left out. One query. */
export async function storageFor(
  db: Kysely<Tables>,
  machineIds: readonly string[],
  wishes: readonly StorageWish[],
): Promise<Map<string, StorageMatch>> {
  const { rows } = await sql<StoragePiece & { machine_id: string }>`
    with pieces as (
      select machine_id, id, 'device' as kind, size, tags,
        partition_table is null
          and not exists (select from filesystems where device_id = block_devices.id) as free,
        exists (select from filesystems left join partitions on partitions.id = partition_id
          where mount_point = '/' and (filesystems.device_id = block_devices.id
            or partitions.device_id = block_devices.id)) as root
      from block_devices where machine_id = any(${[...machineIds]}::text[])
      union all
      select machine_id, id, 'partition', size, tags,
        not exists (select from filesystems where partition_id = partitions.id),
        exists (select from filesystems where partition_id = partitions.id and mount_point = '/')
      from partitions where machine_id = any(${[...machineIds]}::text[])
    )
    select * from pieces order by machine_id, kind, id`.execute(db);
  const found = new Map<string, StorageMatch>();
  for (const [machine, pieces] of Map.groupBy(rows, ({ machine_id }) => machine_id)) {
    const match = matchStorage(wishes, pieces);
    if (match !== null) found.set(machine, match);
  }
  return found;
}
