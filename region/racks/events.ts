import type { EventType, RackEvent } from "@rackwright/contract";
import { sql } from "kysely";
import type { Database, Transaction } from "../database/pool.ts";
import { appendEvents, type NewEvent } from "../events/append.ts";
import { noteExternalDhcp } from "../networks/external-dhcp.ts";

/** Subjects a rack may speak about. Everything else is the region's own knowledge and cannot be claimed by a rack. */
const subjects = ["dhcp", "tftp", "http", "boot", "power", "rack", "image", "network"];
const mayTell = (type: EventType): boolean => subjects.includes(type.split(".")[0] ?? "") && type !== "rack.connected";

/**
 * Takes a batch of what a rack saw, in one transaction: events up to the last one taken are repeats and dropped, the
 * others get their machine (by MAC, or by the address a lease gave it) and a place in the stream. Returns the sequence
 * number through which events of this run of the rack are taken.
 *
 * @param boot identity of the run of the rack process that counted the events
 */
export async function takeRackEvents(
  db: Database,
  rack: string,
  boot: string,
  events: readonly RackEvent[],
  now: Date,
): Promise<number> {
  return db.transaction().execute(async (tx) => {
    const known = await tx
      .selectFrom("racks")
      .select(["boot", "events_through"])
      .where("name", "=", rack)
      .forUpdate()
      .executeTakeFirst();
    if (known === undefined) return -1;
    const before = known.boot === boot ? known.events_through : -1;
    const fresh = dropRepeats(events, before);
    const through = fresh.at(-1)?.sequence ?? before;
    if (known.boot !== boot || through !== before)
      await tx.updateTable("racks").set({ boot, events_through: through }).where("name", "=", rack).execute();
    const told = fresh.filter((event) => mayTell(event.type));
    await noteExternalDhcp(tx, rack, told);
    const owners = await findOwners(tx, told);
    await appendEvents(
      tx,
      told.map((event, n) => translate(event, rack, owners[n], now)),
    );
    return through;
  });
}

/** Sequences must grow; what does not is a repeat. */
function dropRepeats(events: readonly RackEvent[], before: number): RackEvent[] {
  let last = before;
  return events.filter(({ sequence }) => {
    if (sequence <= last) return false;
    last = sequence;
    return true;
  });
}

type Owner = { mac: string | null; machine_id: string | null };

async function findOwners(tx: Transaction, events: readonly RackEvent[]): Promise<Owner[]> {
  if (events.length === 0) return [];
  const { rows } = await sql<Owner>`
    select e.mac, i.machine_id from (
      select e.n, coalesce(e.mac, (select l.mac from leases l where l.address = e.address and l.state <> 'declined'
                                   order by l.expires_at desc limit 1)) as mac
      from unnest(${events.map((_, n) => n)}::int[], ${events.map((event) => event.mac)}::text[],
                  ${events.map((event) => ipv4(event.address))}::inet[]) as e(n, mac, address)
    ) e left join interfaces i on i.mac = e.mac order by e.n`.execute(tx);
  return rows;
}

const ipv4 = (text: string | null): string | null =>
  text !== null && /^\d{1,3}(\.\d{1,3}){3}$/.test(text) ? text : null;

function translate(event: RackEvent, rack: string, owner: Owner | undefined, now: Date): NewEvent {
  const at = new Date(event.at);
  return {
    type: event.type,
    level: event.level,
    // A rack whose clock is fast must not write into the future of the stream.
    at: at > now ? now : at,
    machine_id: owner?.machine_id ?? null,
    mac: event.mac ?? owner?.mac ?? null,
    rack,
    actor: "rack",
    message: event.message,
    data: event.address === null ? event.data : { address: event.address, ...event.data },
    failure: event.failure,
  };
}
