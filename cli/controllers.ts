import { randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { apiClient } from "./client.ts";
import type { ApiClient } from "./client.ts";
import { buildAgent, buildWeb } from "./bundles.ts";
import { keepRunning } from "./child.ts";
import type { Child } from "./child.ts";
import { CliError } from "./errors.ts";
import { requirePort } from "./listen.ts";
import { adminSocket, imageStore, logFile, rackSecretFile, rackState, regionSocket, regionState } from "./places.ts";
import type { Places } from "./places.ts";

export interface ControllerOptions {
  readonly places: Places;
  readonly port: number;
  readonly listen: string;
  readonly database?: string;
  /** How to serve by TLS: flags of the region. */
  readonly tls?: readonly string[];
  /** File of the keys that seal secrets in the database. */
  readonly secretsKey?: string;
  /** Network namespace the rack serves in; the region stays on the host and they meet over a Unix socket. */
  readonly rackNamespace?: string;
  readonly interfaces: readonly string[];
  readonly onProblem: (line: string) => void;
}

export interface Controllers {
  readonly client: ApiClient;
  readonly url: string;
  readonly region: Child;
  readonly rack: Child;
  stop(): Promise<void>;
}

const startSeconds = 60;
const status = z.looseObject({ version: z.string() });
const racks = z.object({ items: z.array(z.looseObject({ name: z.string(), connected: z.boolean() })) });

/** This host's name as a rack's name: one DNS label. */
export function rackName(host: string): string {
  const first = host.split(".")[0]?.toLowerCase() ?? "";
  const label = first
    .replaceAll(/[^a-z0-9-]/g, "-")
    .slice(0, 63)
    .replaceAll(/^-+|-+$/g, "");
  return label === "" ? "rack" : label;
}

async function ensureSecret(file: string): Promise<void> {
  try {
    await readFile(file);
  } catch {
    await writeFile(file, `${randomBytes(32).toString("hex")}\n`, { mode: 0o600, flag: "wx" });
  }
}

const fatalLine = z.object({ error: z.string(), next: z.string().optional() });

/** Waits until a child serves. @throws CliError with what it said when it cannot, or not in time */
async function waitFor(what: string, child: Child, log: string, ready: () => Promise<boolean>): Promise<void> {
  const until = Date.now() + startSeconds * 1000;
  while (Date.now() < until && !child.misconfigured()) {
    if (await ready().catch(() => false)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const lines = (await readFile(log, "utf8").catch(() => "")).trimEnd().split("\n");
  const said = fatalLine.safeParse(parseJson(lines.at(-1) ?? ""));
  if (said.success)
    throw new CliError(said.data.error, said.data.next ?? `Read ${log}.`, child.misconfigured() ? 2 : 1);
  const tail = lines.slice(-5).join("\n  ");
  throw new CliError(
    `${what} did not come up within ${startSeconds} s. The end of its log:\n  ${tail}`,
    `Read ${log}.`,
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** V8's options for a small heap: a small nursery for young objects, and a heap that is cleared before it grows. */
const heap = {
  // Optimizing for size would make every answer take three times as long.
  region: ["--max-semi-space-size=8", "--max-old-space-size=1024"],
  rack: ["--max-semi-space-size=2", "--optimize-for-size", "--max-old-space-size=1024"],
} as const;

/**
 * A Node program that takes little memory: one arena for malloc instead of one per thread, a heap that is kept small (its
 * limit does that, which nothing comes near), and the compiled modules of the last start, so that the compiler of
 * TypeScript is not even loaded.
 */
export function lean(
  role: keyof typeof heap,
  { cache }: Pick<Places, "cache">,
  [node = "", ...flags]: readonly string[],
): string[] {
  const environment = ["MALLOC_ARENA_MAX=1", `NODE_COMPILE_CACHE=${join(cache, "compiled")}`];
  return ["env", ...environment, node, ...heap[role], ...flags];
}

/** Whether a region answers. */
const serves = (client: ApiClient): Promise<boolean> =>
  client.get("/api/v1/status", status).then(
    ({ version }) => version !== "",
    () => false,
  );

/** Starts region (with its database) and rack as one tree of processes and waits until both serve. */
export async function startControllers(options: ControllerOptions): Promise<Controllers> {
  const { places } = options;
  const client = apiClient({ socket: adminSocket(places) });
  if (await serves(client))
    throw new CliError(
      `A region serves from ${places.state} already.`,
      "Use that one, end it first, or give another folder with --state and another --port.",
      2,
    );
  await requirePort(options.port, options.listen);
  await mkdir(places.state, { recursive: true });
  await mkdir(join(places.state, "logs"), { recursive: true });
  await ensureSecret(rackSecretFile(places));
  const name = rackName(hostname());
  const main = (role: string): string => join(places.home, role, "main.ts");
  const node = [process.execPath, "--disable-warning=ExperimentalWarning"];

  const region = keepRunning({
    name: "region",
    argv: [
      ...lean("region", places, node),
      main("region"),
      "--state",
      regionState(places),
      "--port",
      String(options.port),
      "--listen",
      options.listen,
      "--images",
      imageStore(places),
      "--web",
      await buildWeb(places.home),
      "--agent",
      await buildAgent(places.home),
      "--rack",
      `${name}=${rackSecretFile(places)}`,
      ...(options.tls ?? []),
      ...(options.secretsKey === undefined ? [] : ["--secrets-key", options.secretsKey]),
    ],
    ...(options.database === undefined ? {} : { environment: { RACKWRIGHT_DATABASE: options.database } }),
    logFile: logFile(places, "region"),
    onRestart: options.onProblem,
  });
  try {
    await waitFor("The region", region, logFile(places, "region"), () => serves(client));
  } catch (error) {
    await region.stop();
    throw error;
  }
  const rack = keepRunning({
    name: "rack",
    argv: [
      ...lean("rack", places, node),
      main("rack"),
      "--state",
      rackState(places),
      "--name",
      name,
      "--region",
      `unix:${regionSocket(places)}`,
      "--secret-file",
      rackSecretFile(places),
      ...options.interfaces.flatMap((device) => ["--interface", device]),
    ],
    ...(options.rackNamespace === undefined ? {} : { namespace: options.rackNamespace }),
    logFile: logFile(places, "rack"),
    onRestart: options.onProblem,
  });
  const stop = async (): Promise<void> => {
    await rack.stop();
    await region.stop();
  };
  try {
    await waitFor("The rack", rack, logFile(places, "rack"), async () =>
      (await client.get("/api/v1/racks", racks)).items.some((row) => row.name === name && row.connected),
    );
  } catch (error) {
    await stop();
    throw error;
  }
  const shown = options.listen === "0.0.0.0" ? "localhost" : options.listen;
  return { client, url: `${options.tls ? "https" : "http"}://${shown}:${options.port}/`, region, rack, stop };
}
