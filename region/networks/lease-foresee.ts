import type { LeaseForesight, LeaseOfferAnswer, LeaseOfferRequest } from "@rackwright/contract";
import { sql } from "kysely";
import type { Database } from "../database/pool.ts";
import type { AllocationHints } from "./lease-free.ts";
import { decideOffers, unknownSubnet } from "./lease-offer.ts";
import { leaseKey } from "./lease-rows.ts";

/**
 * What {@link offerLeases} would answer now, and how it would choose. The offer is made for real in a transaction that
 * is taken back, so it is the same; the subnet is locked as long as for an offer.
 */
export async function foreseeLease(
  db: Database,
  request: LeaseOfferRequest,
  hints: AllocationHints,
  now: Date,
): Promise<LeaseForesight> {
  const transaction = await db.startTransaction().execute();
  let answer: LeaseOfferAnswer | undefined;
  try {
    // The search goes on from a copy, so that what is foreseen twice is the same twice.
    answer = (await decideOffers(transaction, [request], new Map(hints), now)).get(leaseKey(request));
  } finally {
    await transaction.rollback().execute();
  }
  answer ??= unknownSubnet(request.subnet_id, undefined);
  return { answer, how: "refused" in answer ? answer.reason : await chosenBy(db, request, answer.address) };
}

/** Why this address, from the row it has had until now. */
async function chosenBy(db: Database, { subnet_id, mac, requested }: LeaseOfferRequest, address: string) {
  const { rows } = await sql<{
    cidr: string;
    range: string | null;
    mac: string | null;
    state: string | null;
    reserved: boolean;
  }>`
    select s.cidr::text as cidr, l.mac, l.state,
      exists (select from reserved_ips r where r.subnet_id = s.id and r.mac = ${mac} and r.address = ${address}::inet) as reserved,
      (select host(r.first) || '-' || host(r.last) from ip_ranges r where r.subnet_id = s.id and r.kind = 'dynamic'
       and ${address}::inet between r.first and r.last limit 1) as range
    from subnets s left join leases l on l.subnet_id = s.id and l.address = ${address}::inet
    where s.id = ${subnet_id}`.execute(db);
  const row = rows[0];
  const where = row?.range == null ? `on ${row?.cidr ?? "its subnet"}` : `in the dynamic range ${row.range}`;
  if (row?.reserved === true) return `the address is reserved for the card (${where})`;
  if (row?.mac === mac)
    return `the card ${row.state === "leased" ? "had it before" : "was offered it before"} (${where})`;
  if (address === requested) return `the card asks for it, and it is free (${where})`;
  if (row?.mac == null) return `the first address ${where} that nobody ever had`;
  return `the address ${where} whose lease ended longest ago; ${row.mac} had it`;
}
