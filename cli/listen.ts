import { createServer } from "node:net";
import { CliError } from "./errors.ts";

/**
 * Looks whether a TCP port can be listened on, so that a region that could not is never started.
 *
 * @throws CliError saying what is in the way
 */
export async function requirePort(port: number, address: string): Promise<void> {
  const server = createServer();
  const error = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
    server.once("error", resolve);
    server.listen(port, address, () => server.close(() => resolve(undefined)));
  });
  if (error === undefined) return;
  if (error.code === "EADDRINUSE")
    throw new CliError(
      `Port ${port} of ${address} is in use.`,
      `Give another one with --port, or end what listens there: ss -ltnp 'sport = :${port}' names it.`,
      2,
    );
  if (error.code === "EADDRNOTAVAIL" || error.code === "ENOTFOUND")
    throw new CliError(`${address} is no address of this host.`, "Give one with --listen that 'ip address' shows.", 2);
  throw new CliError(`Port ${port} of ${address} cannot be listened on: ${error.message}.`, "Give another one.", 2);
}
