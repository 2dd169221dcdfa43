import type { BootReply, ClientClass } from "@rackwright/dhcp";
import type { ForeignServers } from "./foreign-servers.ts";
import type { LeaseSource } from "./lease-source.ts";
import type { DhcpLimits } from "./limits.ts";
import type { KnownAddress, Mirror } from "./mirror.ts";
import type { Renewals } from "./renewals.ts";
import type { Watch } from "./watch.ts";

/** A client that asks what to boot. */
export interface BootQuestion {
  client: ClientClass;
  mac: string;
  /** The rack's address as this client sees it: where files come from. */
  rackAddress: string;
  /** The address the client has or is about to get. */
  address: string | undefined;
}

/**
 * What a client boots: the DHCP fields of the answer, or undefined for "nothing". A rejected promise means that nobody
 * could say; the client then gets no answer and asks again.
 */
export type DecideBoot = (question: BootQuestion) => Promise<BootReply | undefined>;

/** What the rules of this folder work with; composed once in `server.ts`. */
export interface DhcpWorld {
  now: () => number;
  mirror: Mirror;
  leases: LeaseSource;
  renewals: Renewals;
  decideBoot: DecideBoot;
  watch: Watch;
  foreign: ForeignServers;
  limits: DhcpLimits;
  /** Addresses offered and not yet requested, by hardware address. */
  offers: Map<string, KnownAddress>;
  /** Is this one of the rack's own addresses, on whatever device? */
  isOwn: (address: string) => boolean;
}

/** Rejects with a TimeoutError when a promise takes longer than `milliseconds`; its later outcome is not looked at. */
export async function within<T>(milliseconds: number, what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: no answer within ${milliseconds} ms`)), milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
