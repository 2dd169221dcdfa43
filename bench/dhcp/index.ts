import { type BenchResult, ratiosTo } from "../result.ts";
import type { Contender } from "./contender.ts";
import { dnsmasq } from "./dnsmasq.ts";
import { kea } from "./kea.ts";
import { oursInMemory } from "./ours.ts";
import { benchNetwork, makePair, type Pair } from "./pair.ts";
import { perfTrials } from "./perfdhcp.ts";
import { startPostgres } from "./private-postgres.ts";
import { highestRate } from "./search.ts";

export { benchConfig } from "./ours.ts";
export { benchNetwork } from "./pair.ts";

/** What to measure, and how long. */
export interface DhcpBenchOptions {
  /**
   * Starts the whole of ours (region, rack, PostgreSQL) for `benchNetwork` in a namespace that has its server address on
   * the device `eth0`. It is started once; every trial brings new hardware addresses.
   */
  startOurs?: (namespace: string) => Promise<{ stop: () => Promise<void> }>;
  log?: (line: string) => void;
  /** Seconds of one trial. Default 3. */
  seconds?: number;
  /** Only these contenders, by name. */
  only?: readonly string[];
}

const drops = 0.01;
const limits = { first: 500, most: 100_000, precision: 0.1 };

/**
 * New leases per second (DISCOVER, OFFER, REQUEST, ACK) at which less than one per cent of the exchanges fail, with
 * perfdhcp as the client, on this host: ours, dnsmasq, and Kea with PostgreSQL. Needs root, and Debian's packages
 * dnsmasq-base, kea-dhcp4-server, kea-admin (perfdhcp is part of it) and postgresql.
 */
export async function benchDhcp(options: DhcpBenchOptions = {}): Promise<BenchResult> {
  const log = options.log ?? ((): void => undefined);
  const results: Record<string, number> = {};
  const { startOurs } = options;
  const contenders: (() => Promise<{ contender: Contender; end: () => Promise<void> }>)[] = [
    async () => ({ contender: oursInMemory, end: nothing }),
    async () => ({ contender: dnsmasq(false), end: nothing }),
    async () => ({ contender: dnsmasq(true), end: nothing }),
    async () => {
      const postgres = await startPostgres();
      return { contender: kea(postgres), end: () => postgres.stop() };
    },
  ];
  if (startOurs !== undefined) {
    const contender: Contender = { name: "rackwright", start: startOurs, stays: true };
    contenders.unshift(async () => ({ contender, end: nothing }));
  }
  const names = ["rackwright-memory", "dnsmasq", "dnsmasq-memory", "kea-postgresql"];
  if (startOurs !== undefined) names.unshift("rackwright");
  for (const [index, make] of contenders.entries()) {
    const name = names[index] ?? "";
    if (options.only !== undefined && !options.only.includes(name)) continue;
    const { contender, end } = await make();
    try {
      results[name] = await measure(contender, options.seconds ?? 3, log);
    } finally {
      await end();
    }
    log(`${name}: ${results[name]} new leases per second`);
  }
  const peers = ["dnsmasq", "dnsmasq-memory", "kea-postgresql"];
  const ours = results["rackwright"] ?? results["rackwright-memory"] ?? 0;
  return { name: "dhcp", unit: "new leases per second", results, ratios: ratiosTo(ours, results, peers) };
}

async function nothing(): Promise<void> {
  // There is nothing beside the server to end.
}

async function measure(contender: Contender, seconds: number, log: (line: string) => void): Promise<number> {
  log(contender.name);
  const pair = makePair(`rw-dhcp-b${process.pid}`);
  const trial = perfTrials(
    { namespace: pair.generator, device: benchNetwork.device, server: benchNetwork.server, seconds, drops },
    log,
  );
  try {
    return contender.stays === true
      ? await whileRunning(contender, pair, () => highestRate(trial, limits))
      : await highestRate((rate) => whileRunning(contender, pair, () => trial(rate)), limits);
  } finally {
    pair.remove();
  }
}

async function whileRunning<T>(contender: Contender, pair: Pair, work: () => Promise<T>): Promise<T> {
  const running = await contender.start(pair.server);
  try {
    return await work();
  } finally {
    await running.stop();
  }
}
