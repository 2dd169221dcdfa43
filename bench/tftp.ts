import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SERVER_ADDRESS, type ServerProgram, testNetwork, type TestNetwork } from "../rack/tftp/testing/network.ts";
import type { BenchResult } from "./result.ts";

export interface TftpBenchOptions {
  /** Size of the file every client fetches, in MiB, default 20. */
  readonly mebibytes?: number;
  /** Rounds; each measures both servers by turns, the median counts; default 3. */
  readonly rounds?: number;
}

type Client = (file: string) => readonly string[];

const url = `tftp://${SERVER_ADDRESS}`;
/**
 * The same programs fetch from both servers. GRUB, iPXE and old firmware go in lock-step like curl; EDK2 asks
 * for a window of 4 (RFC 7440), which in.tftpd 5.2 does not know and declines.
 */
const CLIENTS: Readonly<Record<string, Client>> = {
  "curl 1428": (file) => ["curl", "-sS", "--tftp-blksize", "1428", "-o", "/dev/null", `${url}/${file}`],
  "curl 512": (file) => ["curl", "-sS", "--tftp-blksize", "512", "-o", "/dev/null", `${url}/${file}`],
  "atftp 1428 window 4": (file) => {
    const options = ["--option", "blksize 1428", "--option", "windowsize 4"];
    return ["atftp", ...options, "-g", "-r", file, "-l", "/dev/null", SERVER_ADDRESS];
  },
};
const PARALLEL = [1, 8];

/**
 * Our TFTP server beside Debian's in.tftpd, in the same two namespaces with the same file and clients; figures are 10⁶
 * bytes per second of all clients together. Needs root, curl, atftp and tftpd-hpa.
 */
export async function benchTftp(options: TftpBenchOptions = {}): Promise<BenchResult> {
  const bytes = (options.mebibytes ?? 20) * 1024 * 1024;
  const dir = await mkdtemp(join(tmpdir(), "rw-bench-tftp-"));
  const speeds = new Map<string, { ours: number[]; theirs: number[] }>();
  const network = await testNetwork("b");
  try {
    await writeFile(join(dir, "file"), randomBytes(bytes));
    for (let round = 0; round < (options.rounds ?? 3); round += 1) {
      for (const server of ["ours", "theirs"] as const) {
        const program = await start(network, server, dir);
        try {
          for (const [client, command] of Object.entries(CLIENTS)) {
            for (const count of PARALLEL) {
              const name = `${count} × ${client}`;
              const entry = speeds.get(name) ?? { ours: [], theirs: [] };
              speeds.set(name, entry);
              entry[server].push((count * bytes) / (await fetchAll(network, count, command("file"))) / 1e6);
            }
          }
        } finally {
          await program.stop();
        }
      }
    }
  } finally {
    await network.close();
    await rm(dir, { recursive: true, force: true });
  }
  const results: Record<string, number> = {};
  const ratios: Record<string, number> = {};
  for (const [name, { ours, theirs }] of speeds) {
    results[`rackwright, ${name}`] = rounded(median(ours));
    results[`tftpd-hpa, ${name}`] = rounded(median(theirs));
    ratios[name] = rounded(median(ours) / median(theirs));
  }
  return { name: "tftp", unit: "MB/s", results, ratios };
}

function start(network: TestNetwork, server: "ours" | "theirs", dir: string): Promise<ServerProgram> {
  if (server === "theirs") {
    const address = `${SERVER_ADDRESS}:69`;
    return network.server("in.tftpd", ["-L", "-4", "-a", address, "-B", "8192", "-s", "-u", "root", dir], 500);
  }
  const serve = join(import.meta.dirname, "../rack/tftp/testing/serve.ts");
  return network.server(process.execPath, [serve, dir, SERVER_ADDRESS]);
}

/** @returns seconds until the last client has the file */
async function fetchAll(network: TestNetwork, clients: number, command: readonly string[]): Promise<number> {
  const [program = "", ...args] = command;
  const began = performance.now();
  await Promise.all(Array.from({ length: clients }, () => network.client(program, args)));
  return (performance.now() - began) / 1000;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
