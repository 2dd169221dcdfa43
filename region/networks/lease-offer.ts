import type { LeaseOfferAnswer, LeaseOfferRequest } from "@rackwright/contract";
import type { Database, Transaction } from "../database/pool.ts";
import { type AllocationHints, freeAddresses } from "./lease-free.ts";
import { reportExhausted } from "./lease-problem.ts";
import { leaseKey, leaseStates, type LeaseState, type LeaseSubnet, lockSubnets, writeLeases } from "./lease-rows.ts";

/** Seconds of a lease. Boot firmware never renews, so its lease only has to outlast the loaders. */
export const leaseSeconds = { system: 600, firmware: 120, offer: 60, declined: 3600 } as const;

/**
 * Finds an address for each network card, in the order of the requests (RFC 2131 4.3.1): the one it holds, else the
 * one it asks for if that is free, else one nobody ever had, else the one whose lease ended longest ago. The address
 * is held for {@link leaseSeconds.offer}. The number of statements does not depend on the number of requests, and
 * concurrent calls, from any region, never promise one address twice.
 */
export async function offerLeases(
  db: Database,
  requests: readonly LeaseOfferRequest[],
  hints: AllocationHints,
  now: Date,
): Promise<LeaseOfferAnswer[]> {
  const wanted = new Map(requests.map((request) => [leaseKey(request), request]));
  const unique = [...wanted.values()];
  const answers = await db.transaction().execute((tx) => decideOffers(tx, unique, hints, now));
  return requests.map((request) => answers.get(leaseKey(request)) ?? unknownSubnet(request.subnet_id, undefined));
}

/** The offers within a transaction of the caller's, one per card and subnet, by `leaseKey`. */
export async function decideOffers(
  tx: Transaction,
  requests: readonly LeaseOfferRequest[],
  hints: AllocationHints,
  now: Date,
): Promise<Map<string, LeaseOfferAnswer>> {
  const answers = new Map<string, LeaseOfferAnswer>();
  const subnets = await lockSubnets(
    tx,
    requests.map((request) => request.subnet_id),
    // An offer that a crash of the database loses is one that was never accepted: its commit is judged anew.
    "soon durable",
  );
  const served = requests.filter((request) => {
    const subnet = subnets.get(request.subnet_id);
    if (subnet?.dhcp === true) return true;
    answers.set(leaseKey(request), unknownSubnet(request.subnet_id, subnet));
    return false;
  });
  const questions = served.map(({ subnet_id, mac, requested }) => ({ subnet_id, mac, address: requested }));
  const states = served.length === 0 ? [] : await leaseStates(tx, questions, now);
  const chosen = await choose(tx, served, states, hints, now);
  const held = new Date(now.getTime() + leaseSeconds.offer * 1000);
  const writes = served.flatMap((request, n) => {
    const [address, state] = [chosen[n], states[n]];
    if (address === undefined || state === undefined) return [];
    const until = new Date(Math.max(held.getTime(), state.own_expires?.getTime() ?? 0));
    const leased = state.own === address && state.own_leased && state.own_expires !== null && state.own_expires > now;
    // Nothing to write where the row holds the address long enough already: a client that asks again is answered alike.
    if (state.own === address && until.getTime() === state.own_expires?.getTime()) return [];
    const { subnet_id, mac, hostname } = request;
    return [
      {
        subnet_id,
        mac,
        address,
        hostname,
        state: leased ? "leased" : "offered",
        expires_at: until,
        held: state.held,
      } as const,
    ];
  });
  await writeLeases(tx, writes, now);
  const exhausted = new Set<LeaseSubnet>();
  for (const [n, request] of served.entries()) {
    const [address, subnet] = [chosen[n], subnets.get(request.subnet_id)];
    const lease_seconds = request.firmware ? leaseSeconds.firmware : leaseSeconds.system;
    if (address !== undefined)
      answers.set(leaseKey(request), { address, lease_seconds, hostname: states[n]?.hostname ?? null });
    else if (subnet !== undefined) {
      exhausted.add(subnet);
      answers.set(leaseKey(request), { refused: "no-free-address", reason: `no free address in ${subnet.cidr}` });
    }
  }
  await reportExhausted(tx, [...exhausted], now);
  return answers;
}

/** The address of each request, undefined where there is none. */
async function choose(
  tx: Transaction,
  requests: readonly LeaseOfferRequest[],
  states: readonly LeaseState[],
  hints: AllocationHints,
  now: Date,
): Promise<(string | undefined)[]> {
  const claimed = new Set<string>();
  const claim = (subnet: number, address: string): boolean =>
    !claimed.has(`${subnet} ${address}`) && claimed.add(`${subnet} ${address}`) !== undefined;
  // First those who hold an address: another card of the same batch must not ask it away from them.
  const chosen = requests.map(({ subnet_id }, n) => {
    const own = states[n]?.own ?? undefined;
    return own !== undefined && claim(subnet_id, own) ? own : undefined;
  });
  for (const [n, { subnet_id, requested }] of requests.entries()) {
    const state = states[n];
    if (chosen[n] !== undefined || requested === null || state === undefined) continue;
    if (state.allowed && state.free && claim(subnet_id, requested)) chosen[n] = requested;
  }
  const needs = new Map<number, number>();
  for (const [n, { subnet_id }] of requests.entries())
    if (chosen[n] === undefined) needs.set(subnet_id, (needs.get(subnet_id) ?? 0) + 1);
  const wishes = [...needs].map(([subnet_id, need]) => ({ subnet_id, need }));
  const promised = chosen.filter((address) => address !== undefined);
  const free = await freeAddresses(tx, wishes, promised, hints, now);
  return chosen.map((address, n) => address ?? free.get(requests[n]?.subnet_id ?? -1)?.shift());
}

export function unknownSubnet(id: number, subnet: LeaseSubnet | undefined) {
  const reason = subnet === undefined ? `there is no subnet ${id}` : `DHCP is off on ${subnet.cidr}`;
  return { refused: "unknown-subnet" as const, reason };
}
