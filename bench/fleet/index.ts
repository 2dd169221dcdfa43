import { machine } from "@rackwright/contract";
import type { Drawn } from "./draw.ts";
import { type LifeEnd, live } from "./life.ts";
import { addUp, type FleetResult } from "./report.ts";
import { openFleetSite } from "./site.ts";
import { watchMachines } from "./watch.ts";

export { drawMachines } from "./draw.ts";
export type { Drawn } from "./draw.ts";
export { showFleet } from "./report.ts";
export type { FleetResult } from "./report.ts";

export interface FleetBenchOptions {
  readonly machines: readonly Drawn[];
  /** TCP port of the region's API on the loopback. */
  readonly port?: number;
  /** Lives at one time. */
  readonly atOnce?: number;
  /** Seconds without a sign of life after which the region calls a status failed. */
  readonly silence?: number;
  readonly log?: (line: string) => void;
}

/** Seconds a status may take altogether, as a multiple of its silence. */
const totalFactor = 8;
/** Seconds beyond the last deadline after which a machine counts as stuck: the sweeper looks every five. */
const grace = 30;

/**
 * Takes a simulated fleet through enlist, commission, deploy and release against a real region, rack and PostgreSQL, one
 * API request a step, and tells how many lives a minute that makes and whether every fault was explained. Needs root and
 * iproute2.
 */
export async function benchFleet(options: FleetBenchOptions): Promise<FleetResult & { ends: readonly LifeEnd[] }> {
  const { machines, port = 15_280, atOnce = 100, silence = 40, log = () => undefined } = options;
  const total = silence * totalFactor;
  await using site = await openFleetSite({ name: "fleet", port, machines, silence, total, log });
  await using watch = watchMachines(site.client);
  const needs = { site, watch, patience: total + grace };
  const waiting = [...machines];
  const ends: LifeEnd[] = [];
  const began = performance.now();
  const tell = setInterval(() => log(`${ends.length} of ${machines.length} lives are over`), 10_000);
  // A twin introduces itself when the machine before it is known.
  const lives = new Map<number, Promise<LifeEnd>>();
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      if (next.fault === "twin-uuid") await lives.get(next.number - 1);
      const life = live(next, needs);
      lives.set(next.number, life);
      const end = await life;
      ends.push(end);
      if (end.kind !== "done")
        log(
          `machine ${end.number} (${end.fault ?? "healthy"}): ${end.kind} in ${end.stage}: ${end.code ?? ""} ${end.message}`,
        );
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(atOnce, machines.length) }, worker));
  } finally {
    clearInterval(tell);
  }
  const seconds = (performance.now() - began) / 1000;
  const hung = new Set(ends.filter(({ kind }) => kind === "stuck").map(({ number }) => `life ${number}`));
  for await (const one of site.client.all("/api/v1/machines?limit=500", machine))
    if (one.deadline !== null) hung.add(one.id);
  return { ...addUp(ends, { seconds, stuck: hung.size, peak_memory_mib: await site.memory() }), ends };
}
