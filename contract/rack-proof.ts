import { createHmac, timingSafeEqual } from "node:crypto";

/** Who proves: the prefix keeps one side's proof from being played back as the other's. */
export type LinkSide = "rack" | "region";

/**
 * Proof of knowing the rack's secret, HMAC-SHA256 over `side|name|first|second` (see the handshake in rack-link.ts).
 * `first` is the random value of the other side, `second` one's own, both 64 hexadecimal digits.
 */
export function linkProofOf(secret: Uint8Array, side: LinkSide, rack: string, first: string, second: string): string {
  return createHmac("sha256", secret).update(`${side}|${rack}|${first}|${second}`).digest("hex");
}

/** Compares two hexadecimal digests in time that tells nothing of where they differ. */
export function sameDigest(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one, "hex"), Buffer.from(other, "hex")];
  return a.length === b.length && a.length > 0 && timingSafeEqual(a, b);
}

/** Seconds a file request's time stamp may differ from the region's clock. */
export const fetchSkewSeconds = 300;

/** Value of the Authorization header with which a rack fetches a file: `Rack <name>:<unix seconds>:<hex HMAC>`. */
export function fetchAuthorization(secret: Uint8Array, rack: string, at: Date, path: string): string {
  const timestamp = Math.floor(at.getTime() / 1000);
  return `Rack ${rack}:${timestamp}:${fetchDigest(secret, rack, timestamp, path)}`;
}

/** Digest part of {@link fetchAuthorization}: HMAC-SHA256(secret, `name|timestamp|path`). */
export function fetchDigest(secret: Uint8Array, rack: string, timestamp: number, path: string): string {
  return createHmac("sha256", secret).update(`${rack}|${timestamp}|${path}`).digest("hex");
}

/** Header by which a rack vouches for a machine's request that it forwards over TCP. */
export const forwardHeader = "x-rackwright-rack";

/** Seconds the time stamp of {@link forwardAuthorization} may differ from the region's clock. */
export const forwardSkewSeconds = 300;

/** A machine's request as the rack sends it on: `url` is path and query, the others are header values, "" for none. */
export interface ForwardedRequest {
  readonly method: string;
  readonly url: string;
  readonly forwardedFor: string;
  readonly forwardedHost: string;
}

/** Value of {@link forwardHeader}: `<name>:<unix seconds>:<hex HMAC>`. */
export function forwardAuthorization(secret: Uint8Array, rack: string, at: Date, request: ForwardedRequest): string {
  const timestamp = Math.floor(at.getTime() / 1000);
  return `${rack}:${timestamp}:${forwardDigest(secret, rack, timestamp, request)}`;
}

/**
 * Digest part of {@link forwardAuthorization}: HMAC-SHA256 over the lines `forward`, name, timestamp, method, URL,
 * X-Forwarded-For and X-Forwarded-Host. Neither a URL nor a header holds a line break, so no two requests look alike.
 */
export function forwardDigest(secret: Uint8Array, rack: string, timestamp: number, request: ForwardedRequest): string {
  const { method, url, forwardedFor, forwardedHost } = request;
  const lines = ["forward", rack, timestamp, method, url, forwardedFor, forwardedHost];
  return createHmac("sha256", secret).update(lines.join("\n")).digest("hex");
}
