import { setTimeout as sleep } from "node:timers/promises";
import {
  LinkFailure,
  linkLost,
  LinkPeer,
  makeFailure,
  rackMethods,
  regionMethods,
  type LinkHandlers,
  type RackConfig,
  type RackInterface,
} from "@rackwright/contract/rack";
import type { WebSocket } from "ws";
import { type RegionAddress, parseRegion } from "./address.ts";
import { connectRegion, type Identity } from "./connect.ts";

export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface RegionLinkOptions extends Identity {
  /** Regions in order of preference, as `unix:/path` or `http://host:port`. */
  readonly regions: readonly string[];
  /** What this rack says about itself, asked at each new link. */
  readonly hello: () => Promise<{ version: string; http_port: number; interfaces: RackInterface[] }>;
  /** Takes over a configuration document. */
  readonly configure: (config: RackConfig) => Promise<void>;
  readonly perform: LinkHandlers<typeof rackMethods>["power.perform"];
  readonly explain: LinkHandlers<typeof rackMethods>["boot.explain"];
  /** Told when a link stands, and when it is lost. */
  readonly changed?: (linked: boolean) => void;
  readonly log: Log;
  readonly random?: () => number;
  readonly times?: Partial<LinkTimes>;
}

/** Milliseconds. */
export interface LinkTimes {
  readonly handshake: number;
  readonly firstPause: number;
  readonly longestPause: number;
  /** A region that has not pinged for so long is given up; it pings every 15 s. */
  readonly silence: number;
}
const defaultTimes: LinkTimes = { handshake: 5000, firstPause: 250, longestPause: 10_000, silence: 40_000 };

type Peer = LinkPeer<typeof rackMethods, typeof regionMethods>;

/** Keeps one link to a region, opened again for as long as it takes, by turns with each region of the list. */
export class RegionLink {
  readonly #options: RegionLinkOptions;
  readonly #regions: readonly RegionAddress[];
  readonly #times: LinkTimes;
  readonly #stop = new AbortController();
  #peer: Peer | undefined;
  #running: Promise<void> | undefined;
  #region: RegionAddress;

  /** @throws RangeError for a region that cannot be read or an empty list */
  constructor(options: RegionLinkOptions) {
    this.#options = options;
    this.#regions = options.regions.map(parseRegion);
    const [first] = this.#regions;
    if (first === undefined) throw new RangeError("regions is empty; name at least one, such as http://10.0.0.1:5240");
    this.#region = first;
    this.#times = { ...defaultTimes, ...options.times };
  }

  start(): void {
    this.#running ??= this.#run();
  }

  get linked(): boolean {
    return this.#peer !== undefined;
  }

  /** The region of the present link, or the one last tried. */
  get region(): RegionAddress {
    return this.#region;
  }

  /** Calls the region. @throws LinkFailure, `link-lost` while there is no link */
  readonly call: Peer["call"] = async (method, params, timeout) => {
    if (this.#peer === undefined) throw new LinkFailure(makeFailure(linkLost, "No region is linked to this rack now."));
    return this.#peer.call(method, params, timeout);
  };

  /** Says hello again, after the rack's interfaces have changed. Does nothing without a link. */
  async refresh(): Promise<void> {
    if (this.#peer !== undefined) await this.#hello(this.#peer);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { log, random = Math.random } = this.#options;
    const { firstPause, longestPause } = this.#times;
    let pause = firstPause;
    for (let turn = 0; !this.#stop.signal.aborted; turn++) {
      this.#region = this.#regions[turn % this.#regions.length] ?? this.#region;
      const began = performance.now();
      try {
        await this.#once();
        log.warn({ region: this.#region }, "the link to the region ended");
      } catch (error) {
        log.warn({ region: this.#region, error: String(error) }, "no link to the region");
      }
      if (performance.now() - began > longestPause) pause = firstPause;
      // Each rack waits its own time, so that a region that comes back is not met by all of them at once.
      await sleep(pause * (0.5 + random() / 2), undefined, { signal: this.#stop.signal }).catch(() => undefined);
      if (turn % this.#regions.length === this.#regions.length - 1) pause = Math.min(pause * 2, longestPause);
    }
  }

  /** One link from its beginning to its end. */
  async #once(): Promise<void> {
    const { log, changed, configure, perform, explain } = this.#options;
    const socket = await connectRegion(this.#region, this.#options, this.#times.handshake);
    const peer: Peer = new LinkPeer({
      offered: rackMethods,
      called: regionMethods,
      handlers: {
        "config.update": async (config) => {
          await configure(config);
          return {};
        },
        "power.perform": perform,
        "boot.explain": explain,
      },
      send: (text) => void (socket.readyState === socket.OPEN && socket.send(text)),
      violated: (reason) => socket.close(1008, reason),
      defect: (method, error) => log.error({ method, err: error }, "a request of the region failed"),
    });
    socket.on("message", (data, binary) => {
      if (binary) socket.close(1003, "frames are JSON text");
      else if (Buffer.isBuffer(data)) peer.receive(data.toString("utf8"));
    });
    const ended = ending(socket, this.#times.silence, this.#stop.signal);
    try {
      await Promise.race([this.#hello(peer), ended.then(() => Promise.reject(new Error("the link broke")))]);
      this.#peer = peer;
      log.info({ region: this.#region }, "linked to the region");
      changed?.(true);
      await ended;
    } finally {
      const linked = this.#peer === peer;
      this.#peer = undefined;
      peer.close();
      socket.terminate();
      if (linked) changed?.(false);
    }
  }

  async #hello(peer: Peer): Promise<void> {
    await this.#options.configure(await peer.call("rack.hello", await this.#options.hello(), 30_000));
  }
}

/** Resolves when the socket has closed, the other end has fallen silent, or we are to stop. */
function ending(socket: WebSocket, silence: number, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    let timer = setTimeout(() => socket.terminate(), silence);
    const leave = (): void => socket.close(1001, "the rack stops");
    const grace = (): void => void setTimeout(() => socket.terminate(), 1000).unref();
    socket.on("ping", () => {
      clearTimeout(timer);
      timer = setTimeout(() => socket.terminate(), silence);
    });
    socket.on("close", () => {
      clearTimeout(timer);
      stop.removeEventListener("abort", leave);
      resolve();
    });
    stop.addEventListener("abort", grace, { once: true });
    stop.addEventListener("abort", leave, { once: true });
    if (stop.aborted) leave();
    if (socket.readyState === socket.CLOSED) resolve();
  });
}
