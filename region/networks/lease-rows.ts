import { sql } from "kysely";
import type { Transaction } from "../database/pool.ts";

/** A subnet as allocation needs it. */
export type LeaseSubnet = { id: number; cidr: string; dhcp: boolean };

/** Key of what is kept unique: one address per network card and subnet. */
export const leaseKey = (request: { subnet_id: number; mac: string }): string => `${request.subnet_id} ${request.mac}`;

/**
 * Locks the subnets against other allocations until the transaction ends and reads them. Every allocation takes this
 * lock first and in order of id, so two racks never choose from the same state.
 *
 * @param lasting "soon durable" when the transaction's end need not wait for the disk
 */
export async function lockSubnets(
  tx: Transaction,
  ids: readonly number[],
  lasting: "durable" | "soon durable" = "durable",
): Promise<Map<number, LeaseSubnet>> {
  const commit = lasting === "durable" ? sql`` : sql`, set_config('synchronous_commit', 'off', true)`;
  const { rows } = await sql<LeaseSubnet>`
    select id, cidr::text as cidr, dhcp${commit} from subnets
    where id = any(${[...new Set(ids)]}::bigint[]) order by id for no key update`.execute(tx);
  return new Map(rows.map((row) => [row.id, row]));
}

/**
 * A SQL condition: `address` may be leased on `subnet` by strangers, that is, it lies in a dynamic range and is not
 * the address of the gateway or of a rack, nor reserved or set aside, however it came about.
 */
export const inRange = (subnet: string, address: string) => sql<boolean>`(
  exists (select from ip_ranges range where range.subnet_id = ${sql.ref(subnet)} and range.kind = 'dynamic'
          and ${sql.ref(address)} between range.first and range.last)
  and not exists (select from subnets s where s.id = ${sql.ref(subnet)} and s.gateway = ${sql.ref(address)})
  and not exists (select from ip_ranges kept where kept.subnet_id = ${sql.ref(subnet)} and kept.kind = 'reserved'
                  and ${sql.ref(address)} between kept.first and kept.last)
  and not exists (select from reserved_ips kept where kept.address = ${sql.ref(address)})
  and not exists (select from ip_addresses aside where aside.address = ${sql.ref(address)})
  and ${sql.ref(address)} <> all (array(
    select host(a.cidr::inet)::inet from racks r, jsonb_to_recordset(r.interfaces) as i(addresses jsonb),
      jsonb_array_elements_text(i.addresses) as a(cidr))))`;

/** A SQL condition: the network card belongs to a known machine, which keeps its address for as long as it exists. */
export const ofMachine = (mac: string) =>
  sql<boolean>`exists (select from interfaces card where card.mac = ${sql.ref(mac)})`;

/** A SQL condition: the address is reserved on the subnet for another network card, or the card has another one reserved. */
export const reservedElsewhere = (subnet: string, address: string, mac: string) => sql<boolean>`
  exists (select from reserved_ips kept where kept.subnet_id = ${sql.ref(subnet)}
          and (kept.mac = ${sql.ref(mac)}) <> (kept.address = ${sql.ref(address)}))`;

/**
 * A SQL condition on a row `kept` of `reserved_ips`: nobody else has its address, as somebody may have who took it from
 * another server, or by himself.
 */
export const reservedAndFree = (now: Date) => sql<boolean>`
  not exists (select from leases other where other.subnet_id = kept.subnet_id and other.address = kept.address
              and (other.mac <> kept.mac or other.state = 'declined')
              and (other.expires_at > ${now} or other.state <> 'declined' and ${ofMachine("other.mac")}))`;

/** What the database knows about one request before anything is decided. */
export type LeaseState = {
  n: number;
  /** Address reserved for this card on the subnet; else the one it holds already, if it may keep it. */
  own: string | null;
  /** Address of this card's row on the subnet, even one it may not keep. */
  held: string | null;
  own_leased: boolean;
  own_expires: Date | null;
  /** The address asked for may be given to this card by the subnet's rules. */
  allowed: boolean;
  /** Nobody else holds the address asked for: free, or expired and not a machine's. */
  free: boolean;
  hostname: string | null;
};

export type LeaseQuestion = { subnet_id: number; mac: string; address: string | null };

/**
 * Locks the rows that answers to questions follow from. A renewal takes its row without the subnet's lock, also one that
 * ended: it comes before the question, or finds its row another's. Rows are locked in one order, as everywhere.
 */
async function lockRows(tx: Transaction, questions: readonly LeaseQuestion[]): Promise<void> {
  await sql`
    with q as (
      select * from unnest(${questions.map((q) => q.subnet_id)}::bigint[], ${questions.map((q) => q.mac)}::text[],
                           ${questions.map((q) => q.address)}::inet[]) as q(subnet_id, mac, address)
    )
    select from (
      select subnet_id, address from q
      union
      select held.subnet_id, held.address from q
        join leases held on held.subnet_id = q.subnet_id and held.mac = q.mac and held.state <> 'declined'
    ) as wanted join leases l using (subnet_id, address)
    order by l.subnet_id, l.address for update of l`.execute(tx);
}

/** What is known about all questions, in their order. The caller holds the subnets' lock. */
export async function leaseStates(
  tx: Transaction,
  questions: readonly LeaseQuestion[],
  now: Date,
): Promise<LeaseState[]> {
  await lockRows(tx, questions);
  const { rows } = await sql<LeaseState>`
    select q.n, host(coalesce(kept.address, own.address)) as own, coalesce(own.state = 'leased', false) as own_leased,
      own.expires_at as own_expires, host(held.address) as held,
      coalesce(${inRange("q.subnet_id", "q.address")}, false) as allowed,
      coalesce(taken.address is null or taken.mac = q.mac and taken.state <> 'declined'
        or taken.expires_at <= ${now} and not ${ofMachine("taken.mac")}, false) as free,
      (select m.hostname from interfaces i join machines m on m.id = i.machine_id where i.mac = q.mac) as hostname
    from unnest(${questions.map((_, n) => n)}::int[], ${questions.map((q) => q.subnet_id)}::bigint[],
                ${questions.map((q) => q.mac)}::text[], ${questions.map((q) => q.address)}::inet[])
         as q(n, subnet_id, mac, address)
    left join leases held on held.subnet_id = q.subnet_id and held.mac = q.mac and held.state <> 'declined'
    left join reserved_ips kept on kept.subnet_id = q.subnet_id and kept.mac = q.mac and ${reservedAndFree(now)}
    left join leases own on own.subnet_id = held.subnet_id and own.address = held.address
      and case when kept.address is not null then own.address = kept.address
        else (${inRange("own.subnet_id", "own.address")} or ${ofMachine("own.mac")}
              and exists (select from subnets s where s.id = own.subnet_id and own.address << s.cidr))
          and not exists (select from reserved_ips others where others.address = own.address) end
    left join leases taken on taken.subnet_id = q.subnet_id and taken.address = q.address
    order by q.n`.execute(tx);
  return rows;
}

export type LeaseWrite = {
  subnet_id: number;
  mac: string;
  address: string;
  hostname: string | null;
  state: "offered" | "leased";
  expires_at: Date;
  /** Address the card's row has by now. */
  held: string | null;
};

/** Writes rows in one statement; the caller holds the subnets' lock and has checked that each address is free. */
export async function writeLeases(tx: Transaction, writes: readonly LeaseWrite[], now: Date): Promise<void> {
  if (writes.length === 0) return;
  const columns = sql`
    unnest(${writes.map((w) => w.subnet_id)}::bigint[], ${writes.map((w) => w.address)}::inet[],
           ${writes.map((w) => w.mac)}::text[], ${writes.map((w) => w.hostname)}::text[],
           ${writes.map((w) => w.state)}::text[], ${writes.map((w) => w.expires_at)}::timestamptz[])
    as w(subnet_id, address, mac, hostname, state, expires_at)`;
  // A card whose old address lies outside every range now gets a new one; the old row would break its uniqueness.
  if (writes.some(({ held, address }) => held !== null && held !== address))
    await sql`
    delete from leases l using ${columns}
    where l.subnet_id = w.subnet_id and l.mac = w.mac and l.state <> 'declined' and l.address <> w.address`.execute(tx);
  await sql`
    insert into leases as l (subnet_id, address, mac, hostname, state, expires_at, updated_at)
    select w.*, ${now}::timestamptz from ${columns} order by w.subnet_id, w.address
    on conflict (subnet_id, address) do update set
      mac = excluded.mac,
      hostname = case when l.mac = excluded.mac then coalesce(excluded.hostname, l.hostname) else excluded.hostname end,
      state = excluded.state, expires_at = excluded.expires_at, updated_at = excluded.updated_at`.execute(tx);
}
