import { z } from "zod";
import { readText } from "../world.ts";
import type { World } from "../world.ts";

const link = z.object({
  ifindex: z.int(),
  ifname: z.string(),
  flags: z.array(z.string()).default([]),
  mtu: z.int().default(1500),
  link_type: z.string().default("ether"),
  addr_info: z
    .array(
      z.object({ local: z.string().optional(), prefixlen: z.int().optional(), family: z.string(), scope: z.string() }),
    )
    .default([]),
});
const route = z.object({
  dst: z.string(),
  gateway: z.string().optional(),
  dev: z.string().optional(),
  protocol: z.string().optional(),
  metric: z.int().optional(),
  prefsrc: z.string().optional(),
});
type Link = z.infer<typeof link>;

/** Links, addresses, routes and name servers as they are now. */
export interface NetworkState {
  readonly links: readonly Link[];
  readonly routes: readonly z.infer<typeof route>[];
  readonly resolver: string | null;
}

async function list<T extends z.ZodType>(world: World, schema: T, argv: readonly string[]): Promise<z.infer<T>[]> {
  const result = await world.run(["ip", "-json", ...argv], { timeoutSeconds: 10 });
  return result.status === 0 ? z.array(schema).parse(JSON.parse(result.output)) : [];
}

const physical = (links: readonly Link[]): Link[] => links.filter((one) => one.link_type === "ether");

export async function saveState(world: World): Promise<NetworkState> {
  return {
    links: physical(await list(world, link, ["address"])),
    routes: (await list(world, route, ["route"])).filter((one) => one.protocol !== "kernel"),
    resolver: await readText(world, "/etc/resolv.conf"),
  };
}

/**
 * Brings links, addresses, routes and name servers back: links made since are removed, cards are known by their number,
 * since a configuration may have renamed them. What cannot be brought back is left; the rest goes on.
 */
export async function restoreState(world: World, before: NetworkState): Promise<void> {
  const ip = (...argv: string[]): Promise<unknown> => world.run(["ip", ...argv], { timeoutSeconds: 10 });
  const known = new Map(before.links.map((one) => [one.ifindex, one]));
  for (const one of physical(await list(world, link, ["address"]))) {
    if (!known.has(one.ifindex)) await ip("link", "delete", "dev", one.ifname);
  }
  for (const now of physical(await list(world, link, ["address"]))) {
    const was = known.get(now.ifindex);
    if (was === undefined) continue;
    if (now.ifname !== was.ifname) {
      await ip("link", "set", "dev", now.ifname, "down");
      await ip("link", "set", "dev", now.ifname, "name", was.ifname);
    }
    await ip("link", "set", "dev", was.ifname, "nomaster", "mtu", String(was.mtu));
    await ip("address", "flush", "dev", was.ifname, "scope", "global");
    await ip("link", "set", "dev", was.ifname, was.flags.includes("UP") ? "up" : "down");
    for (const { local, prefixlen, scope, family } of was.addr_info) {
      if (local === undefined || scope !== "global") continue;
      const broadcast = family === "inet" ? ["broadcast", "+"] : [];
      await ip("address", "replace", `${local}/${prefixlen}`, ...broadcast, "dev", was.ifname);
    }
  }
  await ip("route", "flush", "proto", "dhcp");
  for (const { dst, gateway, dev, metric, prefsrc } of before.routes) {
    const via = gateway === undefined ? [] : ["via", gateway];
    const by = dev === undefined ? [] : ["dev", dev];
    const rank = metric === undefined ? [] : ["metric", String(metric)];
    const source = prefsrc === undefined ? [] : ["src", prefsrc];
    await ip("route", "replace", dst, ...via, ...by, ...source, ...rank);
  }
  if (before.resolver !== null) await world.write(`${world.root}/etc/resolv.conf`, `${before.resolver}\n`);
}
