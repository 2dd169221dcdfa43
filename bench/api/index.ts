import { readFile } from "node:fs/promises";
import { Agent } from "node:http";
import { ratiosTo, type BenchResult } from "../result.ts";
import { startIronic } from "./ironic.ts";
import { type Ask, ask, download, openLoop, quantile } from "./load.ts";
import { type BenchRegion, startFullRegion } from "./region.ts";
import type { Fleet } from "./seed.ts";

/** Lists of 50 machines as people and programs ask for them, each with a filter and an order. */
const lists = [
  "filter=status:deployed&sort=hostname",
  "filter=status:ready+cpu>=32+not+zone:hall-3&sort=-memory",
  "filter=tag:tag-7+pool:team-2&sort=hostname",
  "filter=hostname:node-0%2A+power:on&sort=-status_since",
  "sort=cpu_count",
];

export type ApiBench = {
  /** Milliseconds of the slowest twentieth when 50 lists a second are asked for. */
  list50P95: number;
  countsP95: number;
  /** Machines a second of the MAAS API's whole listing, in the middle of five, and its size. */
  listingRate: number;
  /** The same of the first of all, while the region compiles what writes machines and makes texts of their disks. */
  firstListingRate: number;
  listingMegabytes: number;
  /** MiB by which the region grew while it wrote the listing. */
  listingGrowth: number;
};

/** Measures the region alone. */
async function measure(region: BenchRegion, fleet: Fleet, log: (line: string) => void): Promise<ApiBench> {
  const v1 = (path: string): Ask => ({ url: `${region.origin}/api/v1/${path}`, headers: region.headers.v1 });
  const asks = lists.map((query) => v1(`machines?limit=50&${query}`));
  await openLoop(asks, 10, 2);
  log("50 lists a second …");
  const listTimes = await openLoop(asks, 50, 10);
  log("counts …");
  const countTimes = await openLoop([v1("machines/counts?by=status")], 10, 5);
  log("the whole listing of the MAAS API …");
  const whole: Ask = { url: `${region.origin}/MAAS/api/2.0/machines/`, headers: region.headers.maas };
  const rate = async (): Promise<{ rate: number; bytes: number }> => {
    const { status, bytes, milliseconds } = await download(whole);
    if (status !== 200) throw new Error(`GET ${whole.url} answered ${status}`);
    const found = { rate: Math.round((fleet.machines * 1000) / milliseconds), bytes };
    log(`  ${found.rate} machines a second`);
    return found;
  };
  const first = await rate();
  const before = await residentMebibytes(region.pid);
  let most = before;
  const timer = setInterval(() => void residentMebibytes(region.pid).then((now) => (most = Math.max(most, now))), 100);
  const rates: number[] = [];
  for (let time = 0; time < 5; time++) rates.push((await rate()).rate);
  clearInterval(timer);
  return {
    list50P95: Math.round(quantile(listTimes, 0.95)),
    countsP95: Math.round(quantile(countTimes, 0.95)),
    listingRate: quantile(rates, 0.5),
    firstListingRate: first.rate,
    listingMegabytes: Math.round(first.bytes / 1e6),
    listingGrowth: Math.round(most - before),
  };
}

/** Resident memory of a process now, in MiB (proc(5), VmRSS). */
async function residentMebibytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1024;
}

/** Ours with so many machines, then Ironic with as many nodes: lists a second one after the other, and whole listings. */
export async function benchApi(
  fleet: Fleet,
  log: (line: string) => void,
): Promise<BenchResult & { ours: ApiBench; machines: number }> {
  log(`filling a region with ${fleet.machines} machines, ${fleet.events} events each …`);
  const region = await startFullRegion(fleet);
  let ours: ApiBench;
  let oursPerSecond: number;
  try {
    ours = await measure(region, fleet, log);
    const query = "machines?limit=50&filter=status:deployed&sort=hostname";
    oursPerSecond = await inTurn({ url: `${region.origin}/api/v1/${query}`, headers: region.headers.v1 });
  } finally {
    await region.stop();
  }
  log(`Ironic with ${fleet.machines} nodes …`);
  const ironic = await startIronic(fleet.machines);
  try {
    const ironicPerSecond = await inTurn(ironic.list);
    const began = performance.now();
    const count = await ironic.all();
    const ironicRate = Math.round((count * 1000) / (performance.now() - began));
    const results = { "lists of 50": oursPerSecond, "ironic lists of 50": ironicPerSecond };
    const listings = { "whole listing": ours.listingRate, "ironic whole listing": ironicRate };
    return {
      name: "api",
      unit: "a second",
      machines: fleet.machines,
      ours,
      results: { ...results, ...listings },
      ratios: {
        ...ratiosTo(oursPerSecond, results, ["ironic lists of 50"]),
        ...ratiosTo(ours.listingRate, listings, ["ironic whole listing"]),
      },
    };
  } finally {
    await ironic.stop();
  }
}

/** Answers a second when one is asked for after the other, for five seconds. */
async function inTurn(one: Ask): Promise<number> {
  const agent = new Agent({ keepAlive: true });
  const began = performance.now();
  let count = 0;
  for (; performance.now() - began < 5000; count++) {
    const { status } = await ask(one, agent);
    if (status !== 200) throw new Error(`GET ${one.url} answered ${status}`);
  }
  agent.destroy();
  return Math.round((count * 10_000) / (performance.now() - began)) / 10;
}

/** The figures in lines for people. */
export function showApi({ ours, machines }: { ours: ApiBench; machines: number }): string[] {
  return [
    `machines                     ${machines}`,
    `list of 50, 95th percentile  ${ours.list50P95} ms at 50 requests a second`,
    `counts, 95th percentile      ${ours.countsP95} ms`,
    `whole listing                ${ours.listingRate} machines/s (the first ${ours.firstListingRate}), ${ours.listingMegabytes} MB, memory grew by ${ours.listingGrowth} MiB`,
  ];
}
