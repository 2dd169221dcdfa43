import { LinkPeer, type RackConfig, type RackInterface, rackMethods, regionMethods } from "@rackwright/contract";
import type { WebSocket } from "ws";
import type { Log } from "../log.ts";
import { configDigest } from "./config.ts";
import type { RackHandlers } from "./handlers.ts";

/** Bytes that may wait to be sent to a rack that does not read. */
const sendLimit = 64 * 1024 * 1024;

type Peer = LinkPeer<typeof regionMethods, typeof rackMethods>;

/** One accepted link to a rack. Its name is the moment it began, which the rack's row keeps. */
export class RackConnection {
  readonly rack: string;
  readonly since: Date;
  readonly #socket: WebSocket;
  readonly #peer: Peer;
  interfaces: readonly RackInterface[] = [];
  /** Said hello: configuration may be pushed, work may be given. */
  ready = false;
  #answersPing = true;
  #sentConfig = "";
  #pushing: Promise<void> = Promise.resolve();

  constructor(rack: string, since: Date, socket: WebSocket, handlers: (of: RackConnection) => RackHandlers, log: Log) {
    this.rack = rack;
    this.since = since;
    this.#socket = socket;
    this.#peer = new LinkPeer({
      offered: regionMethods,
      called: rackMethods,
      handlers: handlers(this),
      send: (text) => this.#send(text),
      violated: (reason) => {
        log.warn({ rack, reason }, "a rack broke the protocol of the link");
        socket.close(1008, reason);
      },
      defect: (method, error) => log.error({ rack, method, err: error }, "a request of a rack failed"),
    });
    socket.on("message", (data, binary) => {
      if (binary) socket.close(1003, "frames are JSON text");
      // ws hands out one Buffer unless told otherwise; the type allows for the other forms.
      else if (Buffer.isBuffer(data)) this.#peer.receive(data.toString("utf8"));
    });
    socket.on("pong", () => (this.#answersPing = true));
    socket.on("close", () => this.#peer.close());
  }

  readonly call: Peer["call"] = (method, params, timeout) => this.#peer.call(method, params, timeout);

  /** Remembers a document that went out as the answer to hello. */
  configSent(config: RackConfig): void {
    this.#sentConfig = configDigest(config);
  }

  /** Sends the document unless the rack has the same one; pushes go one after the other. */
  push(build: () => Promise<RackConfig>): Promise<void> {
    const push = this.#push(this.#pushing, build);
    this.#pushing = push.catch(() => undefined);
    return push;
  }

  async #push(after: Promise<void>, build: () => Promise<RackConfig>): Promise<void> {
    await after;
    const config = await build();
    const digest = configDigest(config);
    if (digest === this.#sentConfig || this.#socket.readyState !== this.#socket.OPEN) return;
    await this.call("config.update", config);
    this.#sentConfig = digest;
  }

  /** Called at each beat: ends a link whose other end has not answered since the last one. */
  beat(): void {
    if (!this.#answersPing) this.#socket.terminate();
    this.#answersPing = false;
    this.#socket.ping();
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason);
  }

  #send(text: string): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    if (this.#socket.bufferedAmount > sendLimit) this.#socket.terminate();
    else this.#socket.send(text);
  }
}
