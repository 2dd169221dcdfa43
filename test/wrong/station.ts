import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import type { Lab } from "@rackwright/lab";
import { answers } from "./exchange.ts";
import type { Answer, Exchange } from "./exchange.ts";

export interface Outcome {
  readonly code: number;
  readonly output: string;
  readonly error: string;
}

/** A host of its own with a network card on the lab's switch, for programs that are none of ours. */
export interface Station {
  readonly namespace: string;
  readonly mac: string;
  run(program: string, ...argv: string[]): Promise<Outcome>;
  start(program: string, ...argv: string[]): ChildProcess;
  /** Gets an address with udhcpc, keeps it, and tells what the server said; undefined when nobody answered. */
  lease(...more: string[]): Promise<Readonly<Record<string, string>> | undefined>;
  /** Status and body of a GET of curl from this host, and what it reported. */
  get(url: string, ...more: string[]): Promise<{ status: number; body: string }>;
  /** Sends raw bytes and gives what came back, in the order of the questions. */
  exchange(jobs: readonly Exchange[]): Promise<Answer[]>;
}

const script = `#!/bin/sh
[ "$1" = bound ] || [ "$1" = renew ] || exit 0
ip address replace "$ip/24" dev eth0
for name in ip siaddr boot_file bootfile serverid lease; do eval "echo $name=\\"\\$$name\\""; done
`;

function run(argv: readonly string[], input = ""): Promise<Outcome> {
  const [program = "", ...rest] = argv;
  return new Promise((resolve, reject) => {
    const child = spawn(program, rest);
    const kept = { output: "", error: "" };
    child.stdout.setEncoding("utf8").on("data", (text: string) => void (kept.output += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => void (kept.error += text));
    child.on("error", reject);
    child.on("close", (code) => resolve({ code: code ?? 1, ...kept }));
    child.stdin.on("error", () => undefined);
    child.stdin.end(input);
  });
}

async function ip(...argv: string[]): Promise<void> {
  const done = await run(["ip", ...argv]);
  if (done.code !== 0) throw new Error(`ip ${argv.join(" ")}: ${done.error}`);
}

/** Plugs a host into the lab's switch; it goes with the lab. `address` is fixed, for hosts that ask nobody for one. */
export async function plugStation(
  lab: Lab,
  stack: AsyncDisposableStack,
  options: { name: string; mac: string; address?: string },
): Promise<Station> {
  const { name, mac, address } = options;
  const namespace = `rw-wrong-${name}-${process.pid}`;
  await ip("netns", "add", namespace);
  const children = new Set<ChildProcess>();
  stack.defer(async () => {
    for (const child of children) child.kill("SIGKILL");
    await ip("netns", "delete", namespace);
  });
  await ip(
    "-n",
    lab.namespace,
    "link",
    "add",
    `st-${name}`,
    "type",
    "veth",
    "peer",
    "name",
    "eth0",
    "netns",
    namespace,
  );
  await ip("-n", lab.namespace, "link", "set", `st-${name}`, "master", lab.rackInterface, "up");
  await ip("-n", namespace, "link", "set", "eth0", "address", mac);
  await ip("-n", namespace, "link", "set", "lo", "up");
  await ip("-n", namespace, "link", "set", "eth0", "up");
  if (address !== undefined) await ip("-n", namespace, "address", "add", `${address}/24`, "dev", "eth0");
  const told = join(lab.stateDirectory, "machines", `udhcpc-${name}`);
  await writeFile(told, script);
  await chmod(told, 0o755);
  const inside = (argv: readonly string[]): string[] => ["ip", "netns", "exec", namespace, ...argv];
  return {
    namespace,
    mac,
    run: (...argv) => run(inside(argv)),
    start: (...argv) => {
      const [program = "", ...rest] = inside(argv);
      const child = spawn(program, rest, { stdio: ["ignore", "pipe", "inherit"] });
      children.add(child);
      child.once("exit", () => children.delete(child));
      return child;
    },
    lease: async (...more) => {
      const asked = ["busybox", "udhcpc", "-i", "eth0", "-n", "-q", "-f", "-t", "5", "-T", "1", "-s", told, ...more];
      const { output } = await run(inside(asked));
      const lines = output.split("\n").filter((line) => /^\w+=/.test(line));
      if (lines.length === 0) return undefined;
      return Object.fromEntries(lines.map((line) => [line.split("=")[0], line.slice(line.indexOf("=") + 1)]));
    },
    get: async (url, ...more) => {
      const { output } = await run(inside(["curl", "-sS", "--max-time", "20", "-w", "\n%{http_code}", ...more, url]));
      const end = output.lastIndexOf("\n");
      return { status: Number(output.slice(end + 1)), body: output.slice(0, end) };
    },
    exchange: async (jobs) => {
      const program = join(import.meta.dirname, "exchange-main.ts");
      const quiet = "--disable-warning=ExperimentalWarning";
      const done = await run(inside([process.execPath, quiet, program]), JSON.stringify(jobs));
      if (done.code !== 0) throw new Error(`exchange: ${done.error}`);
      return answers.parse(JSON.parse(done.output));
    },
  };
}
