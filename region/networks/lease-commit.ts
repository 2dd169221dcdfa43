import type { LeaseCommitAnswer, LeaseCommitRequest } from "@rackwright/contract";
import { sql } from "kysely";
import type { Database, Transaction } from "../database/pool.ts";
import { unknownSubnet } from "./lease-offer.ts";
import {
  inRange,
  leaseKey,
  leaseStates,
  type LeaseState,
  lockSubnets,
  ofMachine,
  reservedElsewhere,
  writeLeases,
} from "./lease-rows.ts";

/** Longest lease a rack may ask for, in seconds. */
const longestLease = 86_400;

/**
 * Makes offers into leases and renews leases (RFC 2131 4.3.2), in the order of the requests. A lease the database has
 * never seen is taken when the address is free: a rack that was cut off, or another server before us, gave it.
 */
export async function commitLeases(
  db: Database,
  requests: readonly LeaseCommitRequest[],
  now: Date,
): Promise<LeaseCommitAnswer[]> {
  const unique = [...new Map(requests.map((request) => [leaseKey(request), request])).values()];
  const answers = new Map<string, LeaseCommitAnswer>();
  for (const renewed of await renew(db, unique, now)) {
    const request = unique[renewed.n];
    if (request !== undefined) answers.set(leaseKey(request), grant(request, renewed.hostname));
  }
  const rest = unique.filter((request) => !answers.has(leaseKey(request)));
  if (rest.length > 0) await db.transaction().execute((tx) => take(tx, rest, answers, now));
  const lost = { refused: "not-yours", reason: "asked twice with different addresses" } as const;
  return requests.map((request) => {
    const answer = answers.get(leaseKey(request)) ?? lost;
    return "address" in answer && answer.address !== request.address ? lost : answer;
  });
}

/** The common case, one statement and no lock but the rows': the card holds exactly this address. */
async function renew(db: Database, requests: readonly LeaseCommitRequest[], now: Date) {
  // Rows are locked in one order, so that two racks with the same clients in their batches cannot block each other.
  const { rows } = await sql<{ n: number; hostname: string | null }>`
    with locked as (
      select l.subnet_id, l.address, r.n, r.seconds, r.hostname
      from unnest(${requests.map((_, n) => n)}::int[], ${requests.map((r) => r.subnet_id)}::bigint[],
                  ${requests.map((r) => r.mac)}::text[], ${requests.map((r) => r.address)}::inet[],
                  ${requests.map(secondsOf)}::int[], ${requests.map((r) => r.hostname)}::text[])
           as r(n, subnet_id, mac, address, seconds, hostname)
      join leases l on l.subnet_id = r.subnet_id and l.address = r.address and l.mac = r.mac and l.state <> 'declined'
      join subnets s on s.id = l.subnet_id and s.dhcp
      where (${inRange("l.subnet_id", "l.address")} or l.address << s.cidr and ${ofMachine("l.mac")}
             or exists (select from reserved_ips kept where kept.subnet_id = l.subnet_id and kept.mac = l.mac
                        and kept.address = l.address))
        and not ${reservedElsewhere("l.subnet_id", "l.address", "l.mac")}
      order by l.subnet_id, l.address for update of l
    )
    update leases l set state = 'leased', updated_at = ${now},
      expires_at = ${now}::timestamptz + make_interval(secs => locked.seconds),
      hostname = coalesce(locked.hostname, l.hostname)
    from locked where l.subnet_id = locked.subnet_id and l.address = locked.address
    returning locked.n, (select m.hostname from interfaces i join machines m on m.id = i.machine_id
                         where i.mac = l.mac) as hostname`.execute(db);
  return rows;
}

/** Everything else, under the subnets' lock. */
async function take(
  tx: Transaction,
  requests: readonly LeaseCommitRequest[],
  answers: Map<string, LeaseCommitAnswer>,
  now: Date,
): Promise<void> {
  const subnets = await lockSubnets(
    tx,
    requests.map((request) => request.subnet_id),
  );
  const states = await leaseStates(tx, requests, now);
  const claimed = new Set<string>();
  const writes = requests.filter((request, n) => {
    const subnet = subnets.get(request.subnet_id);
    const place = `${request.subnet_id} ${request.address}`;
    const answer =
      subnet?.dhcp === true
        ? judge(request, states[n], subnet.cidr, claimed.has(place))
        : unknownSubnet(request.subnet_id, subnet);
    answers.set(leaseKey(request), answer);
    if ("refused" in answer) return false;
    claimed.add(place);
    return true;
  });
  const held = new Map(requests.map((request, n) => [request, states[n]?.held ?? null]));
  const rows = writes.map((request) => {
    const { subnet_id, mac, address, hostname } = request;
    const expires_at = new Date(now.getTime() + secondsOf(request) * 1000);
    return { subnet_id, mac, address, hostname, state: "leased", expires_at, held: held.get(request) ?? null } as const;
  });
  await writeLeases(tx, rows, now);
}

function judge(
  request: LeaseCommitRequest,
  state: LeaseState | undefined,
  cidr: string,
  claimed: boolean,
): LeaseCommitAnswer {
  const own = state?.own ?? null;
  if (own !== null && own !== request.address)
    return { refused: "not-yours", reason: `${request.mac} has ${own} on ${cidr}, not ${request.address}` };
  if (own === null && state?.allowed !== true)
    return { refused: "not-yours", reason: `${request.address} lies outside every dynamic range of ${cidr}` };
  if (state?.free !== true || claimed)
    return { refused: "address-in-use", reason: `${request.address} is another network card's address` };
  return grant(request, state.hostname);
}

const grant = (request: LeaseCommitRequest, hostname: string | null) => ({
  address: request.address,
  lease_seconds: secondsOf(request),
  hostname,
});

const secondsOf = ({ lease_seconds }: { lease_seconds: number }): number => Math.min(lease_seconds, longestLease);
