import { mkdir, readFile } from "node:fs/promises";
import { openLibc, runProgram } from "@rackwright/netdev";
import { pino } from "pino";
import { parseFlags, parseSecret, usage } from "./flags.ts";
import { openPowerService } from "./power/index.ts";
import { startRack } from "./rack.ts";

const log = pino({ name: "rack", timestamp: pino.stdTimeFunctions.isoTime });

async function main(): Promise<void> {
  const flags = parseFlags(process.argv.slice(2));
  const secret = parseSecret(await readFile(flags.secretFile, "utf8"), flags.secretFile);
  await mkdir(flags.state, { recursive: true, mode: 0o700 });
  const power = await openPowerService({
    onSocketError: (error) => log.warn({ error: error.message }, "a socket for BMCs broke"),
  });
  const version = await ownVersion();
  const rack = await startRack(flags, { secret, version, log, libc: openLibc(), run: runProgram, power });
  const stop = async (signal: string): Promise<void> => {
    log.info({ signal }, "stopping");
    // A service that does not end must not keep the process for ever.
    setTimeout(() => process.exit(1), 10_000).unref();
    await rack.stop();
    power.close();
    process.exit(0);
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void stop(signal));
}

async function ownVersion(): Promise<string> {
  const text = await readFile(new URL("package.json", import.meta.url), "utf8").catch(() => "{}");
  const document: unknown = JSON.parse(text);
  const known = typeof document === "object" && document !== null && "version" in document;
  return known && typeof document.version === "string" ? document.version : "0.0.0";
}

if (process.argv.includes("--help")) process.stdout.write(usage);
else
  main().catch((error: unknown) => {
    process.stderr.write(`rack: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(2);
  });
