import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { peerOf, plainAddress } from "./address.ts";
import { answer } from "./answer.ts";
import { serveBoot, serveImage } from "./files.ts";
import { DEFAULT_HTTP_LIMITS, type HttpLimits, type HttpServerOptions } from "./options.ts";
import { type Proxy, regionProxy } from "./proxy.ts";
import { parseTarget } from "./target.ts";

export interface HttpServer {
  readonly listening: readonly { readonly address: string; readonly port: number }[];
  /** Listen on exactly these addresses; connections made through the others go on. */
  setAddresses(addresses: readonly string[]): Promise<void>;
  /** Stop listening and cut every connection. */
  close(): Promise<void>;
}

/**
 * HTTP for machines: images, boot scripts and the way to the region.
 * @throws the operating system's error when an address cannot be bound
 */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const limits = { ...DEFAULT_HTTP_LIMITS, ...options.limits };
  const gate = connectionGate(limits);
  const handle = handler(options, regionProxy(options, limits));
  const servers = new Map<string, Server>();
  const setAddresses = async (addresses: readonly string[]): Promise<void> => {
    for (const [address, server] of servers) {
      if (addresses.includes(address)) continue;
      servers.delete(address);
      server.close();
    }
    for (const address of addresses) {
      if (servers.has(address)) continue;
      servers.set(address, await listen(handle, gate, limits, address, options.port ?? 5248));
    }
  };
  const close = async (): Promise<void> => {
    await setAddresses([]);
    gate.closeAll();
  };
  try {
    await setAddresses(options.addresses);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    get listening() {
      return [...servers].map(([address, server]) => {
        const bound = server.address();
        return { address, port: typeof bound === "object" && bound !== null ? bound.port : 0 };
      });
    },
    setAddresses,
    close,
  };
}

function listen(handle: Handler, gate: Gate, limits: HttpLimits, address: string, port: number): Promise<Server> {
  const server = createServer(
    {
      maxHeaderSize: limits.headerBytes,
      headersTimeout: limits.headersMs,
      requestTimeout: limits.requestMs,
      keepAliveTimeout: 5000,
      connectionsCheckingInterval: Math.min(1000, limits.headersMs),
      noDelay: true,
    },
    handle,
  );
  server.maxHeadersCount = limits.headers;
  server.timeout = limits.idleMs;
  server.on("connection", gate.admit);
  // Nothing here changes protocol; without this an Upgrade request would hang on an idle socket.
  server.on("upgrade", (_request, socket) => socket.destroy());
  server.on("connect", (_request, socket) => socket.destroy());
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: address, port, exclusive: true }, () => {
      server.off("error", reject);
      server.on("error", () => undefined);
      resolve(server);
    });
  });
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

function handler(options: HttpServerOptions, proxy: Proxy): Handler {
  const route = (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const target = parseTarget(request.url ?? "");
    switch (target.kind) {
      case "image":
        return serveImage(options, request, response, target);
      case "boot":
        return serveBoot(options, request, response, target.path);
      case "region":
        return proxy(request, response, target.target);
      case "refused":
        options.emit({
          type: "http.failed",
          level: "warning",
          address: peerOf(request.socket).address,
          message: `HTTP request refused: ${target.why}`,
          data: { status: target.status, reason: "refused" },
        });
        answer(response, target.status, target.why, { connection: "close" });
        return Promise.resolve();
    }
  };
  return (request, response) => {
    request.on("error", () => undefined);
    response.on("error", () => undefined);
    route(request, response).catch((error: unknown) => {
      const message = `HTTP handler failed: ${error instanceof Error ? error.message : "unknown error"}`.slice(0, 2000);
      options.emit({ type: "http.failed", level: "error", address: peerOf(request.socket).address, message });
      if (response.headersSent) response.destroy();
      else answer(response, 500, "the rack failed to answer; its events say why");
    });
  };
}

interface Gate {
  readonly admit: (socket: Socket) => void;
  readonly closeAll: () => void;
}

/** Counts connections, all and per client; one too many is closed before it is read. */
function connectionGate(limits: HttpLimits): Gate {
  const sockets = new Set<Socket>();
  const perClient = new Map<string, number>();
  const admit = (socket: Socket): void => {
    const address = plainAddress(socket.remoteAddress);
    const own = (perClient.get(address) ?? 0) + 1;
    if (sockets.size >= limits.connections || own > limits.connectionsPerClient) {
      socket.destroy();
      return;
    }
    sockets.add(socket);
    perClient.set(address, own);
    socket.once("close", () => {
      sockets.delete(socket);
      const left = (perClient.get(address) ?? 1) - 1;
      if (left > 0) perClient.set(address, left);
      else perClient.delete(address);
    });
  };
  const closeAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return { admit, closeAll };
}
