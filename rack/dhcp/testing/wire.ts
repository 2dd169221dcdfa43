import { execFile, execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { RackConfig, RackEventInput } from "@rackwright/contract";

/** A virtual wire: one namespace with a bridge for the rack, and one per station, all removed at the end. */
export interface Wire {
  rack: string;
  /** A station's namespace with the device `eth0` on the bridge. */
  station: (name: string) => string;
  run: (namespace: string, program: string, ...args: string[]) => Promise<string>;
  start: (namespace: string, program: string, ...args: string[]) => ChildProcess;
  /** Starts a program that ends with the wire; what it said last is shown when it fails. */
  spawn: (argv: readonly string[]) => ChildProcess;
  remove: () => Promise<void>;
}

/** Runs `ip`; throws with what it printed. */
export function ip(...args: string[]): string {
  return execFileSync("ip", args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

/** Makes the rack's namespace with `br0` and its addresses. Names begin with `prefix`, which must be unique. */
export function makeWire(prefix: string, addresses: readonly string[]): Wire {
  const rack = `${prefix}-rack`;
  const namespaces = [rack];
  const children = new Set<ChildProcess>();
  ip("netns", "add", rack);
  const inRack = (...args: string[]): string => ip("-n", rack, ...args);
  inRack("link", "set", "lo", "up");
  inRack("link", "add", "br0", "type", "bridge", "stp_state", "0", "forward_delay", "0", "mcast_snooping", "0");
  inRack("link", "set", "br0", "up");
  for (const address of addresses) inRack("address", "add", address, "dev", "br0", "brd", "+");
  return {
    rack,
    station(name) {
      const namespace = `${prefix}-${name}`;
      const port = `p${namespaces.length}`;
      ip("netns", "add", namespace);
      namespaces.push(namespace);
      ip("-n", rack, "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", namespace);
      inRack("link", "set", port, "master", "br0", "up");
      ip("-n", namespace, "link", "set", "lo", "up");
      ip("-n", namespace, "link", "set", "eth0", "up");
      return namespace;
    },
    async run(namespace, program, ...args) {
      const command = ["netns", "exec", namespace, program, ...args];
      const { stdout } = await promisify(execFile)("ip", command, { encoding: "utf8", timeout: 90_000 });
      return stdout;
    },
    start(namespace, program, ...args) {
      const child = spawn("ip", ["netns", "exec", namespace, program, ...args], { stdio: ["pipe", "pipe", "inherit"] });
      children.add(child);
      child.once("exit", () => children.delete(child));
      return child;
    },
    spawn([program = "", ...args]) {
      const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
      children.add(child);
      let said = "";
      child.stdout.on("data", (chunk: Buffer) => (said = `${said}${chunk.toString()}`.slice(-4000)));
      child.once("exit", (code) => {
        children.delete(child);
        if (code !== 0 && code !== null) process.stderr.write(said);
      });
      return child;
    },
    async remove() {
      await Promise.all([...children].map(endChild));
      for (const namespace of namespaces.toReversed()) ip("netns", "delete", namespace);
    },
  };
}

/** Asks a child to end and waits until it has. */
export async function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  await ended;
}

/** A server started by `startServer`. */
export interface ServerUnderTest {
  child: ChildProcess;
  events: RackEventInput[];
  /** Resolves with the first event, past or to come, that fits. */
  event: (fits: (event: RackEventInput) => boolean) => Promise<RackEventInput>;
}

/** What `serve.ts` takes. */
export interface ServeSettings {
  config: RackConfig;
  devices?: string[];
  delayMilliseconds?: number;
  probeMilliseconds?: number;
  quiet?: boolean;
  folder?: string;
}

/** Starts `serve.ts` in the rack's namespace and waits until it serves. */
export async function startServer(wire: Wire, settings: ServeSettings): Promise<ServerUnderTest> {
  const program = fileURLToPath(new URL("serve.ts", import.meta.url));
  const given = JSON.stringify({ devices: ["br0"], ...settings });
  const child = wire.start(wire.rack, process.execPath, program, given);
  const events: RackEventInput[] = [];
  const waiting = new Set<() => void>();
  if (child.stdout === null) throw new Error("the server has no standard output");
  const ready = Promise.withResolvers<void>();
  child.once("exit", (code) => ready.reject(new Error(`the server ended with ${code}`)));
  createInterface({ input: child.stdout }).on("line", (line) => {
    const said = JSON.parse(line) as RackEventInput | { ready: true };
    if ("ready" in said) ready.resolve();
    else if ("type" in said) events.push(said);
    for (const look of waiting) look();
  });
  await ready.promise;
  return {
    child,
    events,
    event(fits) {
      const { promise, resolve } = Promise.withResolvers<RackEventInput>();
      const look = (): void => {
        const found = events.find(fits);
        if (found === undefined) return;
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      look();
      return promise;
    },
  };
}

/** A configuration of one subnet, 10.77.0.0/16 with a dynamic range, and what a test adds. */
export function wireConfig(more: Partial<RackConfig> = {}): RackConfig {
  return {
    version: 1,
    subnets: [
      {
        id: 1,
        cidr: "10.77.0.0/16",
        gateway: "10.77.0.1",
        dns_servers: ["10.77.0.1"],
        ntp_servers: ["10.77.0.1"],
        domain: "rack.test",
        mtu: null,
        dhcp: true,
        ranges: [{ first: "10.77.100.1", last: "10.77.199.254" }],
      },
    ],
    hosts: [],
    leases: [],
    loaders: [],
    images: [],
    ...more,
  };
}
