import type { Event } from "@rackwright/contract";
import type { Life } from "./life.ts";

/** One line of the account of where the time went; `ours` marks what is not firmware, kernel or the machine's own work. */
export interface Share {
  readonly name: string;
  readonly seconds: number;
  readonly ours: boolean;
}

/** Length of the union of intervals, in the unit they are given in. */
export function unionLength(intervals: readonly (readonly [number, number])[]): number {
  let total = 0;
  let end = Number.NEGATIVE_INFINITY;
  for (const [from, to] of intervals.toSorted((a, b) => a[0] - b[0])) {
    if (to <= end) continue;
    total += to - Math.max(from, end);
    end = to;
  }
  return total;
}

/**
 * Where the demo's seconds went. A machine's own time runs from each power-on or reset to the next pause in which it
 * waits for us; ours is start-up, power calls and the gaps between a status and the machine starting.
 */
export function whereTimeWent(total: number, setUp: number, lives: readonly Life[], events: readonly Event[]): Share[] {
  const ids = new Set(lives.map((life) => life.machine.id));
  const power: [number, number][] = [];
  const open = new Map<string, number>();
  for (const event of events) {
    const id = event.machine_id ?? "";
    if (!ids.has(id)) continue;
    const at = Date.parse(event.at) / 1000;
    if (event.type === "machine.status" && event.data["to"] === "deploying") open.set(id, at);
    if (event.type === "power.done" && open.has(id)) {
      power.push([open.get(id) ?? at, at]);
      open.delete(id);
    }
  }
  const powerSeconds = unionLength(power);
  const machines = Math.max(0, total - setUp - powerSeconds);
  return [
    { name: "starting region, database, rack and lab", seconds: setUp, ours: true },
    { name: "deploy asked for until the BMC had done it", seconds: powerSeconds, ours: true },
    { name: "firmware, kernel and the machine's own work", seconds: machines, ours: false },
  ];
}

/** The account as lines for people. */
export function reportLines(total: number, shares: readonly Share[], lives: readonly Life[]): string[] {
  const line = (name: string, seconds: number): string =>
    `  ${name.padEnd(46)} ${seconds.toFixed(1).padStart(7)} s ${((100 * seconds) / total).toFixed(0).padStart(4)} %`;
  return [
    "Where the time went:",
    ...shares.map((share) => line(share.name, share.seconds)),
    line("total", total),
    ...lives.map((life) => {
      const { enlist, commission, deploy, ssh } = life.phases;
      return `  ${life.machine.hostname} (${life.firmware}): enlist ${enlist} s, commission ${commission} s, deploy ${deploy} s, ssh ${ssh} s`;
    }),
  ];
}
