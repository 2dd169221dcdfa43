import { sql } from "kysely";
import type { Transaction } from "../database/pool.ts";
import { inRange, ofMachine } from "./lease-rows.ts";

/**
 * Where the search for a never used address went on last, by subnet: it saves walking over the used part of a range
 * each time. A hint only; whatever it says, the answer is right.
 */
export type AllocationHints = Map<number, string>;

type Wish = { subnet_id: number; need: number };

/**
 * Free addresses of dynamic ranges: those no row names first, then those whose lease ended, the longest ended first.
 * Addresses of known machines are never among them. The caller holds the subnets' lock.
 *
 * @param claimed addresses already promised in this transaction
 */
export async function freeAddresses(
  tx: Transaction,
  wishes: readonly Wish[],
  claimed: readonly string[],
  hints: AllocationHints,
  now: Date,
): Promise<Map<number, string[]>> {
  const found = new Map(wishes.map((wish): [number, string[]] => [wish.subnet_id, []]));
  if (wishes.length === 0) return found;
  for (const row of await neverUsed(tx, wishes, claimed, hints)) {
    found.get(row.subnet_id)?.push(row.address);
    hints.set(row.subnet_id, row.address);
  }
  const short = wishes
    .map(({ subnet_id, need }) => ({ subnet_id, need: need - (found.get(subnet_id)?.length ?? 0) }))
    .filter(({ need }) => need > 0);
  if (short.length === 0) return found;
  for (const row of await longestEnded(tx, short, claimed, now)) found.get(row.subnet_id)?.push(row.address);
  return found;
}

type Found = { subnet_id: number; address: string };

async function neverUsed(tx: Transaction, wishes: readonly Wish[], claimed: readonly string[], hints: AllocationHints) {
  // generate_series stands in a target list because there it streams: the limit stops it.
  const { rows } = await sql<Found>`
    select w.subnet_id, host(f.address) as address
    from unnest(${wishes.map((w) => w.subnet_id)}::bigint[], ${wishes.map((w) => w.need)}::int[],
                ${wishes.map((w) => hints.get(w.subnet_id) ?? "0.0.0.0")}::inet[]) as w(subnet_id, need, hint)
    cross join lateral (
      select c.address from (
        select part.first + generate_series(0::bigint, part.last - part.first) as address from (
          select greatest(r.first, w.hint) as first, r.last, 0 as rank from ip_ranges r
          where r.subnet_id = w.subnet_id and r.kind = 'dynamic' and r.last >= w.hint
          union all
          select r.first, case when r.last < w.hint then r.last else w.hint - 1 end, 1 from ip_ranges r
          where r.subnet_id = w.subnet_id and r.kind = 'dynamic' and r.first < w.hint
          order by rank, first
        ) part
      ) c
      where not exists (select from leases l where l.subnet_id = w.subnet_id and l.address = c.address)
        and c.address <> all(${claimed}::inet[])
        and ${inRange("w.subnet_id", "c.address")}
      limit w.need
    ) f`.execute(tx);
  return rows;
}

async function longestEnded(tx: Transaction, wishes: readonly Wish[], claimed: readonly string[], now: Date) {
  // A renewal of such a lease locks its row without the subnet's lock: skip locked, and look again once it is ours.
  const { rows } = await sql<Found>`
    select w.subnet_id, host(f.address) as address
    from unnest(${wishes.map((w) => w.subnet_id)}::bigint[], ${wishes.map((w) => w.need)}::int[]) as w(subnet_id, need)
    cross join lateral (
      select l.address from leases l
      where l.subnet_id = w.subnet_id and l.expires_at <= ${now} and not ${ofMachine("l.mac")}
        and l.address <> all(${claimed}::inet[]) and ${inRange("l.subnet_id", "l.address")}
      order by l.expires_at, l.address limit w.need for update of l skip locked
    ) f`.execute(tx);
  return rows;
}
