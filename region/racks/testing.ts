import { randomBytes } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type LinkHandlers, LinkPeer, linkProofOf, rackMethods, regionMethods } from "@rackwright/contract";
import { WebSocket } from "ws";
import type { TestDatabase } from "../database/testing.ts";
import { openNotifications } from "../database/listen.ts";
import { noLog } from "../log.ts";
import { RackLinks, type RackLinkOptions } from "./links.ts";

export type TestLinks = { links: RackLinks; server: Server; url: string; close: () => Promise<void> };

/** A region's rack links on a TCP port of their own. */
export async function testLinks(database: TestDatabase, more: Partial<RackLinkOptions> = {}): Promise<TestLinks> {
  const notifications = openNotifications({ url: database.url, log: noLog });
  const links = new RackLinks({
    db: database.db,
    clock: { now: () => new Date() },
    decideBoot: () => Promise.reject(new Error("not asked")),
    log: noLog,
    notifications,
    gather: 10,
    ...more,
  });
  const server = createServer();
  links.attach(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    links,
    server,
    url: `ws://127.0.0.1:${port}/rack/v1/link`,
    close: async () => {
      await links.stop();
      server.closeAllConnections();
      server.close();
      await notifications.close();
    },
  };
}

/** A socket with its frames and its end, for tests that speak the link by hand. */
export function openSocket(url: string) {
  const socket = new WebSocket(url);
  const frames: string[] = [];
  let wake: (() => void) | undefined;
  socket.on("message", (data: Buffer) => {
    frames.push(data.toString("utf8"));
    wake?.();
  });
  socket.on("error", () => undefined);
  const closed = new Promise<number>((resolve) => socket.on("close", (code) => resolve(code)));
  const next = async (): Promise<unknown> => {
    while (frames.length === 0) await new Promise<void>((resolve) => (wake = resolve));
    return JSON.parse(frames.shift() ?? "null") as unknown;
  };
  return { socket, closed, next };
}

/** The rack's half of the handshake, with whatever is to be wrong in it. */
export async function proveRack(opened: ReturnType<typeof openSocket>, rack: string, secret: Uint8Array) {
  const { challenge } = (await opened.next()) as { challenge: string };
  const nonce = randomBytes(32).toString("hex");
  const frame = { rack, nonce, proof: linkProofOf(secret, "rack", rack, challenge, nonce) };
  opened.socket.send(JSON.stringify(frame));
  return { challenge, nonce, frame };
}

type Handlers = Partial<LinkHandlers<typeof rackMethods>>;

/** A linked rack as the region sees it. */
export async function linkRack(url: string, rack: string, secret: Uint8Array, handlers: Handlers = {}) {
  const opened = openSocket(url);
  await proveRack(opened, rack, secret);
  await opened.next();
  const peer = new LinkPeer({
    offered: rackMethods,
    called: regionMethods,
    handlers: {
      "config.update": () => Promise.resolve({}),
      "power.perform": () => Promise.resolve({ state: "on" } as const),
      "boot.explain": () => Promise.resolve({ stages: [], asked: [], command_line: null }),
      ...handlers,
    },
    send: (text) => opened.socket.send(text),
    violated: (reason) => opened.socket.close(1008, reason),
    defect: () => undefined,
  });
  opened.socket.removeAllListeners("message");
  opened.socket.on("message", (data: Buffer) => peer.receive(data.toString("utf8")));
  return { ...opened, peer };
}
