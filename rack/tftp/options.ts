import type { RackEventInput } from "@rackwright/contract/rack";
import { DEFAULT_RETRY, type RetryPolicy } from "@rackwright/tftp";
import type { OpenFile } from "../images/file-source.ts";

export interface TftpServerOptions {
  /** Addresses to listen on, one socket each; link-local IPv6 addresses are left out. */
  readonly addresses: readonly string[];
  /** UDP port, 69 by default; 0 picks one (tests). */
  readonly port?: number;
  readonly open: OpenFile;
  readonly emit: (event: RackEventInput) => void;
  /** Largest block granted, 8 to 65464, default 8192. Lower it to 1428 for firmware that cannot reassemble fragments. */
  readonly maxBlksize?: number;
  /** Largest window granted (RFC 7440), 1 to 1024 blocks, default 64. */
  readonly maxWindowsize?: number;
  /** Transfers at one time, default 1024. Further requests stay unanswered: the client asks again. */
  readonly maxTransfers?: number;
  /** Transfers at one time for one client address, default 16. */
  readonly maxTransfersPerClient?: number;
  /** How long `open` or one `read` may take, in milliseconds, default 30 000. */
  readonly sourceTimeoutMs?: number;
  readonly retry?: RetryPolicy;
  /** Milliseconds from any origin, never going back. */
  readonly now?: () => number;
}

export type Settings = Required<Omit<TftpServerOptions, "addresses">>;

/** Fill in defaults and check ranges. @throws RangeError naming field, value and what is allowed */
export function settingsOf(options: TftpServerOptions): Settings {
  return {
    open: options.open,
    emit: options.emit,
    port: within("port", options.port ?? 69, 0, 65535),
    maxBlksize: within("maxBlksize", options.maxBlksize ?? 8192, 8, 65464),
    maxWindowsize: within("maxWindowsize", options.maxWindowsize ?? 64, 1, 1024),
    maxTransfers: within("maxTransfers", options.maxTransfers ?? 1024, 1, 20_000),
    maxTransfersPerClient: within("maxTransfersPerClient", options.maxTransfersPerClient ?? 16, 1, 20_000),
    sourceTimeoutMs: within("sourceTimeoutMs", options.sourceTimeoutMs ?? 30_000, 1, 600_000),
    retry: options.retry ?? DEFAULT_RETRY,
    now: options.now ?? (() => performance.now()),
  };
}

function within(field: string, value: number, low: number, high: number): number {
  if (Number.isInteger(value) && value >= low && value <= high) return value;
  throw new RangeError(`tftp ${field} is ${value}; allowed are whole numbers from ${low} to ${high}`);
}
