/** Bounds on what strangers can make the server do. */
export interface DhcpLimits {
  /** Packets one hardware address may send in a burst, and per second after that. RFC 2131 4.1 backs off from 4 s. */
  burstPerMac: number;
  ratePerMac: number;
  /** Hardware addresses watched at once; beyond, the oldest are forgotten. */
  watchedMacs: number;
  /** Requests being worked on at once; beyond, packets are dropped and counted. */
  queue: number;
  /** Events in a burst, and per second after that; beyond, they are counted and the count is told. */
  eventBurst: number;
  eventRate: number;
  /** Milliseconds the region may take; then the request is dropped and the client asks again. */
  decideMilliseconds: number;
  /** Milliseconds between two reports of what was dropped. */
  reportMilliseconds: number;
  /** Milliseconds an address offered is kept in mind for its client. */
  offerMilliseconds: number;
}

export const defaultDhcpLimits: DhcpLimits = {
  burstPerMac: 20,
  ratePerMac: 5,
  watchedMacs: 65_536,
  queue: 8192,
  eventBurst: 4000,
  eventRate: 250,
  decideMilliseconds: 5000,
  reportMilliseconds: 5000,
  offerMilliseconds: 60_000,
};

interface Bucket {
  tokens: number;
  at: number;
}

/** A token bucket: true when one more may pass at `now` (milliseconds). */
export function createBucket(burst: number, perSecond: number): (now: number) => boolean {
  const bucket: Bucket = { tokens: burst, at: 0 };
  return (now) => take(bucket, now, burst, perSecond);
}

/** One bucket per hardware address; never holds more than `limits.watchedMacs`. */
export function createMacLimiter(limits: DhcpLimits): (mac: string, now: number) => boolean {
  // Two generations: when the young one is full it becomes the old one, and the old one is dropped whole.
  let young = new Map<string, Bucket>();
  let old = new Map<string, Bucket>();
  return (mac, now) => {
    let bucket = young.get(mac);
    if (bucket === undefined) {
      bucket = old.get(mac) ?? { tokens: limits.burstPerMac, at: now };
      if (young.size >= limits.watchedMacs / 2) {
        old = young;
        young = new Map();
      }
      young.set(mac, bucket);
    }
    return take(bucket, now, limits.burstPerMac, limits.ratePerMac);
  };
}

function take(bucket: Bucket, now: number, burst: number, perSecond: number): boolean {
  const tokens = Math.min(burst, bucket.tokens + (Math.max(0, now - bucket.at) * perSecond) / 1000);
  bucket.at = now;
  bucket.tokens = tokens >= 1 ? tokens - 1 : tokens;
  return tokens >= 1;
}
