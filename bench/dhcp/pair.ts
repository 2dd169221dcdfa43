import { execFileSync, spawn, type ChildProcess, type SpawnOptions } from "node:child_process";
import { once } from "node:events";

/** The network of the benchmark: a server and a generator on one wire, a range of a million addresses. */
export const benchNetwork = {
  cidr: "10.64.0.0/12",
  mask: "255.240.0.0",
  prefix: 12,
  server: "10.64.0.1",
  generator: "10.64.0.2",
  first: "10.64.1.0",
  last: "10.79.255.254",
  device: "eth0",
};

/** Two namespaces joined by one pair of devices, each called `eth0`. */
export interface Pair {
  server: string;
  generator: string;
  remove: () => void;
}

function ip(...args: string[]): void {
  execFileSync("ip", args, { stdio: ["ignore", "ignore", "pipe"] });
}

/** Makes the pair; the names begin with `prefix`, which must be unique on the host. */
export function makePair(prefix: string): Pair {
  const pair = { server: `${prefix}-s`, generator: `${prefix}-g` };
  ip("netns", "add", pair.server);
  ip("netns", "add", pair.generator);
  ip("-n", pair.server, "link", "add", "eth0", "type", "veth", "peer", "name", "eth0", "netns", pair.generator);
  for (const [namespace, address] of [
    [pair.server, benchNetwork.server],
    [pair.generator, benchNetwork.generator],
  ] as const) {
    ip("-n", namespace, "address", "add", `${address}/${benchNetwork.prefix}`, "brd", "+", "dev", "eth0");
    ip("-n", namespace, "link", "set", "lo", "up");
    ip("-n", namespace, "link", "set", "eth0", "up");
  }
  return {
    ...pair,
    remove() {
      ip("netns", "delete", pair.generator);
      ip("netns", "delete", pair.server);
    },
  };
}

/** Starts a program in a namespace. */
export function startIn(namespace: string, program: string, args: string[], options: SpawnOptions = {}): ChildProcess {
  return spawn("ip", ["netns", "exec", namespace, program, ...args], { stdio: "ignore", ...options });
}

/** Ends a program started here; by force after five seconds. */
export async function endChild(child: ChildProcess, signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill(signal);
  const force = setTimeout(() => child.kill("SIGKILL"), 5000);
  await ended;
  clearTimeout(force);
}

/** Waits until `ready` answers true, looking every 50 ms; throws after `seconds`. */
export async function waitFor(what: string, seconds: number, ready: () => boolean | Promise<boolean>): Promise<void> {
  const until = Date.now() + seconds * 1000;
  while (!(await ready())) {
    if (Date.now() > until) throw new Error(`${what} was not ready within ${seconds} s`);
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
  }
}

/** Does a program in the namespace hold UDP port 67? */
export function listensForDhcp(namespace: string): boolean {
  return execFileSync("ip", ["netns", "exec", namespace, "ss", "-lunH", "sport = :67"], { encoding: "utf8" }) !== "";
}
