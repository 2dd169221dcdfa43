/** Serves a folder by TFTP, for tests and benchmarks: `serve.ts <folder> <address>…`; prints events as JSON lines. */
import { open } from "node:fs/promises";
import { join } from "node:path";
import { fileSource } from "../../images/index.ts";
import { startTftpServer } from "../index.ts";

const [folder = ".", ...addresses] = process.argv.slice(2);

const server = await startTftpServer({
  addresses,
  open: async (path) => {
    const handle = await open(join(folder, path)).catch(() => undefined);
    return handle === undefined ? undefined : fileSource(handle, (await handle.stat()).size);
  },
  emit: (event) => process.stdout.write(`${JSON.stringify(event)}\n`),
});
process.stdout.write(`${JSON.stringify(server.listening)}\n`);
process.once("SIGTERM", () => void server.close());
