import type { LeaseLink } from "../dhcp/lease-source.ts";
import type { RegionLink } from "./link.ts";

/** Milliseconds a batch of leases may take; the client asks again after 4 s or more (RFC 2131 4.1). */
const timeout = 4000;

/** The DHCP server's batches as calls of the rack link. */
export function leaseLink(link: Pick<RegionLink, "call">): LeaseLink {
  return {
    offer: async (requests) => (await link.call("lease.offer", { requests }, timeout)).answers,
    commit: async (requests) => (await link.call("lease.commit", { requests }, timeout)).answers,
    report: async (reports) => void (await link.call("lease.report", { reports }, timeout)),
  };
}
