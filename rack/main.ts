import { mkdir, readFile } from "node:fs/promises";
import { openLibc, runProgram } from "@rackwright/netdev";
import { pino } from "pino";
import { type Flags, parseFlags, parseSecret, usage } from "./flags.ts";
import { openPowerService } from "./power/index.ts";
import { startRack } from "./rack.ts";

const log = pino({ name: "rack", timestamp: pino.stdTimeFunctions.isoTime });

async function main(): Promise<void> {
  const flags = ownFlags();
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

/** @throws Error that also says where to read more */
function ownFlags(): Flags {
  try {
    return parseFlags(process.argv.slice(2));
  } catch (error) {
    // Node goes on to explain what arguments are.
    const [problem] = (error instanceof Error ? error.message : String(error)).split(". ");
    throw new Error(`${problem}; --help lists what is allowed`, { cause: error });
  }
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
