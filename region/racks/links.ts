import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { appendEvent } from "../events/append.ts";
import type { Log } from "../log.ts";
import type { Notifications } from "../database/listen.ts";
import type { AllocationHints } from "../networks/lease-free.ts";
import { buildRackConfig } from "./config.ts";
import { RackConnection } from "./connection.ts";
import { type HandlerDeps, rackHandlers } from "./handlers.ts";
import { acceptRack, handshakeTimeout } from "./handshake.ts";
import { configChannel } from "./notify.ts";
import { rackDisconnected, rackSecret, racksSeen } from "./rows.ts";
import { reportRefused } from "./refused.ts";

export const rackLinkPath = "/rack/v1/link";

export type RackLinkOptions = HandlerDeps & {
  readonly log: Log;
  readonly notifications: Notifications;
  /** Largest frame taken from a rack, in bytes. */
  readonly frameLimit?: number;
  readonly handshakeTimeout?: number;
  /** Milliseconds between two pings. */
  readonly beat?: number;
  /** Milliseconds changes are gathered before documents are made anew. */
  readonly gather?: number;
};

/** Connections that have not proved anything yet. */
const strangersLimit = 64;
/** Beats between two looks at whether documents changed without a notification, as leases do. */
const refreshBeats = 4;

/** The links of this region process to racks. `attach` it to every HTTP server of the process. */
export class RackLinks {
  readonly #options: RackLinkOptions;
  readonly #server: WebSocketServer;
  readonly #connections = new Map<string, RackConnection>();
  readonly #hints: AllocationHints = new Map();
  readonly #timer: NodeJS.Timeout;
  readonly #deaf: () => void;
  #strangers = 0;
  #beats = 0;
  #gathering: NodeJS.Timeout | undefined;
  #stopping = false;

  constructor(options: RackLinkOptions) {
    this.#options = options;
    this.#server = new WebSocketServer({
      noServer: true,
      clientTracking: true,
      perMessageDeflate: false,
      maxPayload: options.frameLimit ?? 8 * 1024 * 1024,
    });
    this.#timer = setInterval(() => this.#beat(), options.beat ?? 15_000);
    this.#deaf = options.notifications.listen(configChannel, () => this.#changed());
  }

  /** Takes the upgrade requests of an HTTP server, TCP or Unix socket alike. */
  attach(server: Server): void {
    server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      socket.on("error", () => socket.destroy());
      const path = (request.url ?? "").split("?")[0];
      if (path !== rackLinkPath) socket.end("HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n");
      else if (this.#stopping || this.#strangers >= strangersLimit)
        socket.end("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nConnection: close\r\n\r\n");
      else
        this.#server.handleUpgrade(
          request,
          socket,
          head,
          (link) => void this.#accept(link, request.socket.remoteAddress),
        );
    });
  }

  /** Racks linked to this process that have said hello. */
  connections(): RackConnection[] {
    return [...this.#connections.values()].filter(({ ready }) => ready);
  }

  /** Ends every link; racks go on to another region. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearInterval(this.#timer);
    clearTimeout(this.#gathering);
    this.#deaf();
    const connections = [...this.#connections.values()];
    for (const link of this.#server.clients) link.close(1001, "the region stops");
    await Promise.all(connections.map((connection) => this.#ended(connection, false)));
    for (const link of this.#server.clients) link.terminate();
    this.#server.close();
  }

  async #accept(socket: WebSocket, from: string | undefined): Promise<void> {
    const { db, clock, log } = this.#options;
    // Frames that break the limits or the framing end here; `close` follows by itself.
    socket.on("error", (error) => log.warn({ error: error.message }, "a rack link broke"));
    this.#strangers++;
    const timeout = this.#options.handshakeTimeout ?? handshakeTimeout;
    // Frames that follow the proof at once must wait until somebody listens for them.
    const outcome = await acceptRack(socket, (name) => rackSecret(db, name), timeout);
    this.#strangers--;
    if ("refused" in outcome) {
      log.warn({ reason: outcome.refused }, "a rack link was refused");
      if (outcome.claims !== undefined)
        reportRefused(db, { rack: outcome.claims, why: outcome.refused, from }, clock.now()).catch((error: unknown) =>
          log.error({ error: String(error) }, "a refused rack could not be told"),
        );
      socket.close(4401, "not accepted");
      setTimeout(() => socket.terminate(), 1000).unref();
      return;
    }
    if (socket.readyState !== socket.OPEN) return;
    const connection = new RackConnection(
      outcome.rack,
      clock.now(),
      socket,
      (of) => rackHandlers(this.#options, this.#hints, of),
      log,
    );
    this.#connections.get(outcome.rack)?.close(4409, "the rack has opened a newer link");
    this.#connections.set(outcome.rack, connection);
    log.info({ rack: outcome.rack }, "a rack is linked");
    socket.once("close", () => void this.#ended(connection, true));
  }

  async #ended(connection: RackConnection, tell: boolean): Promise<void> {
    const { db, clock, log } = this.#options;
    const { rack, since } = connection;
    if (this.#connections.get(rack) === connection) this.#connections.delete(rack);
    else if (tell) return;
    try {
      await db.transaction().execute(async (tx) => {
        if (!(await rackDisconnected(tx, rack, since, clock.now())) || !tell) return;
        const message = `Rack ${rack} is disconnected.`;
        await appendEvent(tx, { type: "rack.disconnected", level: "warning", rack, actor: "region", message });
      });
    } catch (error) {
      log.error({ rack, err: error }, "the end of a rack link could not be stored");
    }
  }

  #beat(): void {
    const { db, clock, log } = this.#options;
    for (const connection of this.#connections.values()) connection.beat();
    const names = this.connections().map(({ rack }) => rack);
    racksSeen(db, names, clock.now()).catch((error: unknown) =>
      log.error({ err: error }, "racks' signs of life could not be stored"),
    );
    if (++this.#beats % refreshBeats === 0) this.#changed();
  }

  #changed(): void {
    if (this.#stopping || this.#gathering !== undefined) return;
    this.#gathering = setTimeout(() => {
      this.#gathering = undefined;
      for (const connection of this.connections()) this.#push(connection);
    }, this.#options.gather ?? 100);
  }

  #push(connection: RackConnection): void {
    const { db, clock, log } = this.#options;
    const { rack } = connection;
    connection
      .push(() => buildRackConfig(db, rack, clock.now()))
      .catch((error: unknown) => log.warn({ rack, error: String(error) }, "a rack's configuration was not updated"));
  }
}

/** Lets racks link over this server. */
export function registerRackLink(server: Server, links: RackLinks): void {
  links.attach(server);
}
