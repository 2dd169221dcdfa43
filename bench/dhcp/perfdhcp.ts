import { execFile } from "node:child_process";
import type { Trial } from "./search.ts";

/** What one run of perfdhcp counted. */
export interface PerfCounts {
  discovers: number;
  offers: number;
  requests: number;
  acks: number;
  averageMilliseconds: number;
}

/** Reads the report of perfdhcp (Kea 2.x). Throws when it is not one. */
export function parsePerfReport(text: string): PerfCounts {
  const section = (name: string): string => {
    const from = text.indexOf(`***Statistics for: ${name}***`);
    if (from < 0) throw new Error(`perfdhcp: no statistics for ${name} in: ${text.slice(0, 400)}`);
    const to = text.indexOf("***", from + name.length + 25);
    return text.slice(from, to < 0 ? undefined : to);
  };
  const count = (part: string, label: string): number => Number(new RegExp(`${label}: ([\\d.]+)`).exec(part)?.[1] ?? 0);
  const first = section("DISCOVER-OFFER");
  const second = section("REQUEST-ACK");
  return {
    discovers: count(first, "sent packets"),
    offers: count(first, "received packets"),
    requests: count(second, "sent packets"),
    acks: count(second, "received packets"),
    averageMilliseconds: count(first, "avg delay") + count(second, "avg delay"),
  };
}

/** How exchanges are made. */
export interface PerfOptions {
  namespace: string;
  device: string;
  server: string;
  seconds: number;
  /** Share of exchanges that may fail. */
  drops: number;
}

const clients = 1_000_000;
const closingMicroseconds = 1_000_000;

/**
 * A trial function: DISCOVER-OFFER-REQUEST-ACK at a rate, every exchange by a hardware address never seen before, so that
 * each one makes a new lease. It holds when less than `drops` of the exchanges failed and the generator kept its rate.
 */
export function perfTrials(options: PerfOptions, log: (line: string) => void): (rate: number) => Promise<Trial> {
  let runs = 0;
  return async (rate) => {
    runs += 1;
    const byte = (value: number): string => (value & 255).toString(16).padStart(2, "0");
    const base = `mac=02:${byte(runs)}:${byte(runs >> 8)}:00:00:00`;
    const { namespace, device, server, seconds } = options;
    const text = await run("ip", [
      "netns",
      "exec",
      namespace,
      "perfdhcp",
      "-4",
      `-l${device}`,
      `-b${base}`,
      `-r${rate}`,
      `-R${clients}`,
      `-p${seconds}`,
      `-W${closingMicroseconds}`,
      server,
    ]);
    const counts = parsePerfReport(text);
    const reached = counts.acks / seconds;
    const kept = counts.discovers >= rate * seconds * 0.95;
    const held = kept && counts.acks >= counts.discovers * (1 - options.drops);
    log(
      `  ${rate}/s: ${counts.discovers} discovers, ${counts.acks} acks, ${counts.averageMilliseconds.toFixed(1)} ms${kept ? "" : " (generator fell behind)"}${held ? "" : " ✗"}`,
    );
    return { held, reached };
  };
}

/** perfdhcp ends with 3 when packets were dropped: its report is still whole. */
function run(program: string, args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(program, args, { timeout: 60_000, maxBuffer: 16 << 20 }, (error, stdout, stderr) => {
      if (error === null || stdout.includes("***Statistics")) resolve(stdout);
      else reject(new Error(`${program} ${args.join(" ")}: ${stderr.trim() || error.message}`, { cause: error }));
    });
  });
}
