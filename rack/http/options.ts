import type { ForwardedRequest, RackEventInput } from "@rackwright/contract/rack";
import type { ContentStore } from "../images/store.ts";
import type { OpenFile } from "../images/file-source.ts";

/** A region's address: `http://host:port` or `unix:/path/to/socket`. */
export type Upstream = string;

/** Vouches for a forwarded request to a region that cannot see that it comes from us (`forwardAuthorization`). */
export type Sign = (request: ForwardedRequest) => string;

export interface HttpServerOptions {
  readonly addresses: readonly string[];
  /** TCP port, 5248 by default; 0 picks one (tests). */
  readonly port?: number;
  readonly store: ContentStore;
  /**
   * Called for an image the store does not have; puts it there, or returns false when there is no such image.
   * Throws when it cannot be had now: the machine gets 503.
   */
  readonly ensure: (hash: string, name: string) => Promise<boolean>;
  /** Boot scripts and loaders: every path that is neither an image nor the region's. */
  readonly open: OpenFile;
  /** Regions in order of preference; asked again for every request, so the list may change. */
  readonly upstreams: () => readonly Upstream[];
  /** Signs what goes to a region over TCP; over a Unix socket the region knows that it is us. */
  readonly sign?: Sign;
  readonly emit: (event: RackEventInput) => void;
  readonly limits?: Partial<HttpLimits>;
}

/** Bounds against hostile or broken clients. Times in milliseconds. */
export interface HttpLimits {
  readonly connections: number;
  readonly connectionsPerClient: number;
  readonly headerBytes: number;
  readonly headers: number;
  /** Body that goes to the region. */
  readonly bodyBytes: number;
  /** From connection to the end of the headers. */
  readonly headersMs: number;
  /** From connection to the end of the request body. */
  readonly requestMs: number;
  /** A connection on which nothing moves. */
  readonly idleMs: number;
  readonly connectMs: number;
  /** From the end of the request until the region's headers. */
  readonly regionMs: number;
}

export const DEFAULT_HTTP_LIMITS: HttpLimits = {
  connections: 4096,
  connectionsPerClient: 64,
  headerBytes: 16 * 1024,
  headers: 100,
  bodyBytes: 256 * 1024 * 1024,
  headersMs: 10_000,
  requestMs: 300_000,
  idleMs: 120_000,
  connectMs: 3000,
  regionMs: 120_000,
};
