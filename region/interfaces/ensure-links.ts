import { sql } from "kysely";
import type { Clock } from "../clock.ts";
import type { Database, Transaction } from "../database/pool.ts";
import { notifyRacks } from "../racks/notify.ts";
import { linkByDefault, placeInterfaces } from "./defaults.ts";

/** Machines of one transaction: it holds their rows, so that nobody allocates them meanwhile. */
const batch = 50;

/** Of a commissioned machine `m`: no interface has a link, and nobody decided that. */
const unlinked = sql<boolean>`m.inventory is not null
  and exists (select from interfaces i where i.machine_id = m.id and i.type = 'physical' and i.enabled)
  and not exists (
    select from interfaces i left join interface_links l on l.interface_id = i.id
    where i.machine_id = m.id and (i.configured or l.id is not null))`;

/**
 * Gives machines that were commissioned before interfaces had VLANs and links those they would have got, until `signal`;
 * goes on from a region's start. Cards of which no address is known are placed by their leases. Any number of regions may
 * do so at once, and as often as they like.
 */
export async function ensureAllLinks(db: Database, clock: Clock, signal: AbortSignal): Promise<void> {
  for (let last = ""; !signal.aborted;) {
    // Onwards by id: what a batch leaves without a link is not asked for again.
    const { rows } = await sql<{ id: string }>`
      select m.id from machines m where m.id > ${last} and ${unlinked} order by m.id limit ${batch}`.execute(db);
    const ids = rows.map(({ id }) => id);
    if (ids.length === 0) return;
    last = ids.at(-1) ?? last;
    const done = await linkMachines(db, ids, clock.now(), "skip");
    // Only who holds nothing may wait for what others hold.
    for (const id of ids.filter((one) => !done.has(one)))
      if (!signal.aborted) await linkMachines(db, [id], clock.now(), "wait");
  }
}

/** Links what is still unlinked of these machines, in one transaction. Returns those whose rows it could lock. */
async function linkMachines(
  db: Database,
  ids: readonly string[],
  now: Date,
  locked: "skip" | "wait",
): Promise<Set<string>> {
  return db.transaction().execute(async (tx) => {
    const { rows } = await sql<{ id: string }>`
      select id from machines where id = any(${ids}::text[]) order by id
      for update ${locked === "skip" ? sql`skip locked` : sql``}`.execute(tx);
    const mine = rows.map(({ id }) => id);
    if (mine.length > 0) await link(tx, mine, now);
    return new Set(mine);
  });
}

async function link(tx: Transaction, locked: readonly string[], now: Date): Promise<void> {
  // Another region or an operator may have been there before the lock.
  const { rows } = await sql<{ id: string; used: boolean }>`
    select m.id, m.installed or m.status in ('deploying', 'deployed', 'failed deployment') as used
    from machines m where m.id = any(${locked}::text[]) and ${unlinked}`.execute(tx);
  if (rows.length === 0) return;
  const used = rows.filter((one) => one.used).map(({ id }) => id);
  const free = rows.filter((one) => !one.used).map(({ id }) => id);
  await placeInterfaces(tx, [...used, ...free]);
  if (free.length > 0) await linkByDefault(tx, free, now);
  // Systems that are installed already ask for their address, whatever the next ones shall do.
  if (used.length > 0) await linkByDefault(tx, used, now, "dhcp");
  await notifyRacks(tx);
}
