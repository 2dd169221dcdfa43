import { makeFailure } from "@rackwright/contract/rack";
import type { LeaseCommitRequest } from "@rackwright/contract/rack";
import type { LeaseSource } from "./lease-source.ts";
import type { Mirror } from "./mirror.ts";
import type { Watch } from "./watch.ts";
import { refusals } from "./refusals.ts";

/** Leases confirmed from memory, on their way to the region. */
export interface Renewals {
  /** Notes a renewal; of several by one client only the last is told. */
  add: (request: LeaseCommitRequest) => void;
  /** Tells the region what has gathered; what cannot be told is kept for the next time. */
  flush: () => Promise<void>;
  waiting: () => number;
}

/** More would mean that the region has been away for long; then the oldest are dropped, for they end soon. */
const mostWaiting = 50_000;

/** A queue of renewals. A refusal makes the rack forget the lease, so that the next renewal is refused to the client. */
export function createRenewals(leases: LeaseSource, mirror: Mirror, watch: Watch): Renewals {
  const waiting = new Map<string, LeaseCommitRequest>();
  const key = (request: LeaseCommitRequest): string => `${request.subnet_id} ${request.mac}`;
  let flushing = false;
  const tellOne = async (request: LeaseCommitRequest): Promise<void> => {
    try {
      const answer = await leases.commit(request);
      if (!("refused" in answer)) return;
      mirror.forget(request.mac, request.address);
      const message = `The region no longer grants ${request.address} to ${request.mac}: ${answer.reason}`;
      const cause = refusals[answer.refused];
      watch.emitOnce(`renewal ${request.mac}`, {
        type: "dhcp.refused",
        level: "warning",
        mac: request.mac,
        address: request.address,
        message,
        data: { code: cause.code },
        failure: makeFailure(cause, message, [answer.reason]),
      });
    } catch {
      // The region is away: the link reports that once. A newer renewal of the same client wins.
      if (!waiting.has(key(request)) && waiting.size < mostWaiting) waiting.set(key(request), request);
    }
  };
  return {
    add(request) {
      const name = key(request);
      waiting.delete(name);
      waiting.set(name, request);
      if (waiting.size <= mostWaiting) return;
      for (const oldest of waiting.keys()) {
        waiting.delete(oldest);
        break;
      }
    },
    async flush() {
      if (flushing || waiting.size === 0) return;
      flushing = true;
      const requests = [...waiting.values()];
      waiting.clear();
      await Promise.all(requests.map(tellOne));
      flushing = false;
    },
    waiting: () => waiting.size,
  };
}
