import { createServer } from "node:http";
import type { Server } from "node:http";
import { rm } from "node:fs/promises";
import { type Socket, connect } from "node:net";
import type { App } from "./app.ts";

/** Whether somebody answers on a Unix socket; a socket file alone may be left from a process that was killed. */
export function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

/** A web server on a Unix socket that hands its requests to the app. */
export function socketServer(app: App, onConnection: (socket: Socket) => void = () => {}): Server {
  const server = createServer({ requestTimeout: 60_000, keepAliveTimeout: 65_000 }, (request, response) =>
    app.routing(request, response),
  );
  server.on("connection", onConnection);
  return server;
}

/** Listens on a Unix socket that only our own user can open, in place of one that was left over. */
export async function listenOnSocket(server: Server, path: string): Promise<void> {
  await rm(path, { force: true });
  // The file is made with its final mode: there is no moment in which others could connect.
  const before = process.umask(0o177);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(path, resolve);
    });
  } finally {
    process.umask(before);
  }
}

/** Ends a server and its connections. */
export async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
}
