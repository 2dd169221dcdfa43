import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import {
  type LinkHandlers,
  LinkPeer,
  linkProof,
  linkProofOf,
  type RackConfig,
  rackMethods,
  regionMethods,
} from "@rackwright/contract";
import { type WebSocket, WebSocketServer } from "ws";

export const testSecret = Buffer.alloc(32, 1);
export const emptyConfig: RackConfig = { version: 1, subnets: [], hosts: [], leases: [], loaders: [], images: [] };
export const noLog = { info: () => {}, warn: () => {}, error: () => {} };

type Handlers = Partial<LinkHandlers<typeof regionMethods>>;
type Peer = LinkPeer<typeof regionMethods, typeof rackMethods>;

export interface TestRegion {
  readonly url: string;
  readonly peers: Peer[];
  /** Cuts every link, as a killed region does. */
  readonly cut: () => void;
  readonly close: () => Promise<void>;
}

export interface TestRegionOptions {
  readonly handlers?: Handlers;
  readonly secret?: Uint8Array;
  readonly port?: number;
  /** A Unix socket instead of TCP. */
  readonly path?: string;
  readonly pingEvery?: number;
}

/** The region's end of the link, just as far as racks see it. */
export async function testRegion(options: TestRegionOptions = {}): Promise<TestRegion> {
  const { handlers = {}, secret = testSecret } = options;
  const peers: Peer[] = [];
  const sockets = new WebSocketServer({ noServer: true });
  const server = createServer();
  server.on("upgrade", (request, socket, head) =>
    sockets.handleUpgrade(request, socket, head, (link) => {
      accept(link, secret, handlers, (peer) => peers.push(peer));
      if (options.pingEvery !== undefined) {
        const timer = setInterval(() => link.ping(), options.pingEvery);
        link.on("close", () => clearInterval(timer));
      }
    }),
  );
  const cut = (): void => {
    for (const link of sockets.clients) link.terminate();
  };
  await new Promise<void>((resolve) =>
    options.path === undefined
      ? server.listen(options.port ?? 0, "127.0.0.1", resolve)
      : server.listen(options.path, resolve),
  );
  const port = options.path === undefined ? (server.address() as AddressInfo).port : 0;
  return {
    url: options.path === undefined ? `http://127.0.0.1:${port}` : `unix:${options.path}`,
    peers,
    cut,
    close: () => {
      cut();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function accept(link: WebSocket, secret: Uint8Array, handlers: Handlers, accepted: (peer: Peer) => void): void {
  const challenge = randomBytes(32).toString("hex");
  link.on("error", () => undefined);
  link.once("message", (data: Buffer) => {
    const { rack, nonce, proof } = linkProof.parse(JSON.parse(data.toString("utf8")));
    if (proof !== linkProofOf(secret, "rack", rack, challenge, nonce)) {
      link.close(4401, "not accepted");
      return;
    }
    const none = (): Promise<never> => Promise.reject(new Error("not expected"));
    const peer: Peer = new LinkPeer({
      offered: regionMethods,
      called: rackMethods,
      handlers: {
        "rack.hello": () => Promise.resolve(emptyConfig),
        "lease.offer": none,
        "lease.commit": none,
        "lease.report": none,
        "boot.decide": none,
        "boot.foresee": none,
        "lease.foresee": none,
        "events.report": none,
        ...handlers,
      },
      send: (text) => link.send(text),
      violated: (reason) => link.close(1008, reason),
      defect: () => undefined,
    });
    link.on("message", (more: Buffer) => peer.receive(more.toString("utf8")));
    link.send(JSON.stringify({ proof: linkProofOf(secret, "region", rack, nonce, challenge) }));
    accepted(peer);
  });
  link.send(JSON.stringify({ challenge }));
}

export async function until(done: () => boolean, what = "it"): Promise<void> {
  for (const end = Date.now() + 5000; Date.now() < end;) {
    if (done()) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`${what} did not happen within 5 s`);
}
