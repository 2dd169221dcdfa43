import type { Server } from "node:http";
import { type Server as TlsServer, createServer } from "node:https";
import type { Socket } from "node:net";
import type { App } from "../http/app.ts";
import type { Certificate } from "./certificate.ts";

/** First byte of a TLS connection: the type of its first record, a handshake (RFC 8446 section 5.1). */
const handshake = 0x16;
/** Milliseconds a connection has to say its first byte. */
const patience = 10_000;

/** A server that speaks TLS 1.2 or newer and hands its requests to the app. It listens nowhere: see `alsoTls`. */
export function tlsServer(app: App, { cert, key }: Certificate): TlsServer {
  const times = { requestTimeout: 60_000, keepAliveTimeout: 65_000, handshakeTimeout: patience };
  const server = createServer({ cert, key, minVersion: "TLSv1.2", ...times }, (request, response) =>
    app.routing(request, response),
  );
  server.on("tlsClientError", (_error, socket) => socket.destroy());
  // Node begins to watch the times of requests when a server listens; this one has its connections handed over.
  server.emit("listening");
  return server;
}

/**
 * Lets a plain server's port speak TLS as well: the first byte tells which it is. So a port needs no second one for those
 * who came by `http://`, and racks and machines in their own networks go on as they were. `abandon` drops those who have said nothing yet.
 */
export function alsoTls(plain: Server, secure: TlsServer): { abandon: () => void } {
  const listeners = plain.listeners("connection");
  const silent = new Set<Socket>();
  plain.removeAllListeners("connection");
  plain.on("connection", (socket: Socket) => {
    const gone = (): void => void socket.destroy();
    silent.add(socket);
    socket.once("close", () => silent.delete(socket));
    socket.setTimeout(patience, gone);
    socket.on("error", gone);
    socket.once("readable", () => {
      const first: unknown = socket.read();
      silent.delete(socket);
      socket.off("error", gone);
      socket.setTimeout(0);
      socket.off("timeout", gone);
      if (!Buffer.isBuffer(first)) {
        socket.destroy();
        return;
      }
      socket.unshift(first);
      if (first[0] === handshake) secure.emit("connection", socket);
      else for (const listener of listeners) listener.call(plain, socket);
    });
  });
  return { abandon: () => silent.forEach((socket) => void socket.destroy()) };
}
