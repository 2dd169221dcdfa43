import type { Mode, Options } from "./request.ts";

/** What the server allows. */
export interface Limits {
  /** Largest block size granted, 8 to 65464 bytes; a client that asks for more gets this. */
  readonly maxBlksize: number;
  /** Largest window granted, 1 to 65535 blocks. */
  readonly maxWindowsize: number;
  /** Longest retransmission interval granted, in seconds; a longer wish is left out of the OACK. */
  readonly maxTimeoutSeconds: number;
}

/** The terms of one transfer after option negotiation. */
export interface Terms {
  readonly blksize: number;
  readonly windowsize: number;
  /** Retransmission interval the client asked for, in seconds (RFC 2349). */
  readonly timeoutSeconds: number | undefined;
  /** What goes into the OACK; empty means no OACK and DATA 1 at once. */
  readonly accepted: Options;
}

export const DEFAULT_BLKSIZE = 512;

/**
 * Decide a read request's options: blksize (RFC 2348), timeout and tsize (RFC 2349), windowsize (RFC 7440).
 * An unknown option or a value outside its range is left out of the OACK, as RFC 2347 asks.
 * @param size bytes of the file; `tsize` is left out for netascii, whose length on the wire is not known.
 */
export function negotiateRead(options: Options, mode: Mode, size: number, limits: Limits): Terms {
  const accepted = new Map<string, string>();
  let blksize = DEFAULT_BLKSIZE;
  let windowsize = 1;
  let timeoutSeconds: number | undefined;
  for (const [name, text] of options) {
    const value = decimal(text);
    if (value === undefined) continue;
    if (name === "blksize" && value >= 8 && value <= 65464) {
      blksize = Math.min(value, limits.maxBlksize);
      accepted.set(name, String(blksize));
    } else if (name === "windowsize" && value >= 1 && value <= 65535) {
      windowsize = Math.min(value, limits.maxWindowsize);
      accepted.set(name, String(windowsize));
    } else if (name === "timeout" && value >= 1 && value <= Math.min(255, limits.maxTimeoutSeconds)) {
      timeoutSeconds = value;
      accepted.set(name, text);
    } else if (name === "tsize" && mode === "octet") {
      accepted.set(name, String(size));
    }
  }
  return { blksize, windowsize, timeoutSeconds, accepted };
}

/** What a client asked for, to check an OACK against. */
export interface Wanted {
  readonly blksize?: number;
  readonly windowsize?: number;
  readonly timeoutSeconds?: number;
  readonly tsize?: boolean;
}

/** The options of a read request. */
export function wantedOptions(wanted: Wanted): Options {
  const options = new Map<string, string>();
  if (wanted.tsize === true) options.set("tsize", "0");
  if (wanted.blksize !== undefined) options.set("blksize", String(wanted.blksize));
  if (wanted.windowsize !== undefined) options.set("windowsize", String(wanted.windowsize));
  if (wanted.timeoutSeconds !== undefined) options.set("timeout", String(wanted.timeoutSeconds));
  return options;
}

/**
 * Terms a server granted in its OACK; undefined when it granted what was not asked or raised a value
 * (then the client must end with ERROR 8, RFC 2347).
 */
export function acceptOptionAck(
  wanted: Wanted,
  granted: Options,
): { blksize: number; windowsize: number; size: number | undefined } | undefined {
  let blksize = DEFAULT_BLKSIZE;
  let windowsize = 1;
  let size: number | undefined;
  for (const [name, text] of granted) {
    const value = decimal(text);
    if (value === undefined) return undefined;
    if (name === "blksize" && wanted.blksize !== undefined && value >= 8 && value <= wanted.blksize) blksize = value;
    else if (name === "windowsize" && wanted.windowsize !== undefined && value >= 1 && value <= wanted.windowsize) {
      windowsize = value;
    } else if (name === "tsize" && wanted.tsize === true) size = value;
    else if (name !== "timeout" || value !== wanted.timeoutSeconds) return undefined;
  }
  return { blksize, windowsize, size };
}

function decimal(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
