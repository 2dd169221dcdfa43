import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { RackConfig } from "@rackwright/contract";
import type { Contender } from "./contender.ts";
import { benchNetwork, endChild } from "./pair.ts";

/** A subnet as the benchmark needs it, for whoever configures a region. */
export function benchConfig(): RackConfig {
  const subnet: RackConfig["subnets"][number] = {
    id: 1,
    cidr: benchNetwork.cidr,
    gateway: benchNetwork.server,
    dns_servers: [],
    ntp_servers: [],
    domain: "bench.test",
    mtu: null,
    dhcp: true,
    ranges: [{ first: benchNetwork.first, last: benchNetwork.last }],
  };
  return { version: 1, subnets: [subnet], hosts: [], leases: [], loaders: [], images: [] };
}

/** The rack's server alone: a region in memory that answers each batch after two milliseconds. */
export const oursInMemory: Contender = {
  name: "rackwright-memory",
  async start(namespace) {
    const program = fileURLToPath(new URL("../../rack/dhcp/testing/serve.ts", import.meta.url));
    const settings = { config: benchConfig(), devices: [benchNetwork.device], delayMilliseconds: 2, quiet: true };
    const args = ["netns", "exec", namespace, process.execPath, program, JSON.stringify(settings)];
    const child = spawn("ip", args, { stdio: ["pipe", "pipe", "inherit"] });
    const lines = createInterface({ input: child.stdout });
    const [first] = (await Promise.race([once(lines, "line"), once(child, "exit")])) as [unknown];
    if (typeof first !== "string") throw new Error("the server ended before it served");
    return { stop: () => endChild(child) };
  },
};
