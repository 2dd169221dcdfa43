import { isIPv6 } from "node:net";
import type { InstallPlan } from "@rackwright/contract";
import { type Gateways, chooseGateways } from "./gateways.ts";
import type { Interface, Link } from "./read.ts";
import type { Subnet } from "./subnets.ts";

/** What a configuration is made of besides the interfaces. */
export type Surroundings = {
  subnets: ReadonlyMap<number, Subnet>;
  vlans: ReadonlyMap<number, { vid: number; mtu: number }>;
  routes: readonly { source_id: number; destination: string; gateway: string; metric: number }[];
  /** Names the kernel gave the cards, by the interface; left out where it is the interface's. */
  kernelNames: ReadonlyMap<number, string>;
};

type Part = Record<string, unknown>;
type Config = Record<"ethernets" | "bonds" | "bridges" | "vlans", Record<string, Part>>;

/**
 * Interfaces as network configuration version 2 (netplan's, as cloud-init takes it). Interfaces that are off, or made of
 * nothing that is on, are left out. Pure: the same interfaces give the same configuration.
 */
export function networkConfig(interfaces: readonly Interface[], around: Surroundings): InstallPlan["network"] {
  const gateways = chooseGateways(interfaces, (id) => around.subnets.get(id)?.gateway ?? null);
  const config: Config = { ethernets: {}, bonds: {}, bridges: {}, vlans: {} };
  const done = new Map<number, string>();
  for (let before = -1; before < done.size;) {
    before = done.size;
    for (const one of interfaces) {
      const members = one.parents.flatMap((id) => done.get(id) ?? []);
      if (done.has(one.id) || !one.enabled || !isReady(one, interfaces, done)) continue;
      const idle = one.type === "physical" && one.links.length === 0 && one.children.length === 0;
      if (idle || (one.type !== "physical" && members.length === 0)) continue;
      done.set(one.id, one.name);
      const part = { ...ofType(one, members, around), ...addresses(one, gateways, around), ...mtu(one, around) };
      config[sections[one.type]][one.name] = part;
    }
  }
  return {
    version: 2,
    ...Object.fromEntries(Object.entries(config).filter(([, part]) => Object.keys(part).length > 0)),
  };
}

/**
 * The interfaces with DHCP on the card the machine boots from, where nobody said how that gets an address. A machine that
 * nobody set up is installed with just that, so setting another card up must not take its network away from it; an
 * operator who wants no address there says so (unlinks or disconnects the card, or switches it off). What hangs in a bond
 * or bridge has its address there. The lease tells the subnet, so that traffic goes on leaving the machine where it did.
 */
export function withBootLink(interfaces: readonly Interface[], bootMac: string | null): Interface[] {
  const cards = interfaces.filter(({ type }) => type === "physical");
  const boot = cards.find(({ own_mac }) => own_mac !== null && own_mac === bootMac) ?? cards[0];
  if (boot === undefined || boot.configured || !boot.enabled || boot.links.length > 0) return [...interfaces];
  if (interfaces.some(({ type, parents }) => type !== "vlan" && parents.includes(boot.id))) return [...interfaces];
  const lease = boot.leases.find(({ address }) => !isIPv6(address));
  const link = { id: 0, mode: "dhcp" as const, subnet_id: null, address: null, default_gateway: false, ...lease };
  return interfaces.map((one) => (one === boot ? { ...one, links: [link] } : one));
}

const sections = { physical: "ethernets", bond: "bonds", bridge: "bridges", vlan: "vlans" } as const;

/** All that it is made of has been looked at. */
function isReady({ parents }: Interface, all: readonly Interface[], done: ReadonlyMap<number, string>): boolean {
  return parents.every((id) => {
    const parent = all.find((one) => one.id === id);
    return parent === undefined || !parent.enabled || done.has(id);
  });
}

function ofType(one: Interface, members: readonly string[], { vlans, kernelNames }: Surroundings): Part {
  const { params, name, own_mac } = one;
  const mac = one.mac === null ? {} : { macaddress: one.mac };
  switch (one.type) {
    case "physical": {
      const renamed = (kernelNames.get(one.id) ?? name) !== name;
      return { match: { macaddress: own_mac }, ...(renamed && { "set-name": name }) };
    }
    case "bond":
      return { interfaces: members, ...mac, parameters: bondParameters(one) };
    case "bridge":
      return {
        interfaces: members,
        ...mac,
        parameters: { stp: params["bridge_stp"] === true, "forward-delay": params["bridge_fd"] ?? 15 },
      };
    case "vlan":
      return { id: vlans.get(one.vlan_id ?? 0)?.vid ?? 0, link: members[0] };
  }
}

/** Only what the mode knows: the kernel refuses the rest. */
function bondParameters({ params }: Interface): Part {
  const mode = String(params["bond_mode"] ?? "balance-rr");
  const hashes = ["balance-xor", "802.3ad", "balance-tlb"].includes(mode);
  return {
    mode,
    "mii-monitor-interval": params["bond_miimon"] ?? 100,
    "up-delay": params["bond_updelay"] ?? 0,
    "down-delay": params["bond_downdelay"] ?? 0,
    ...(mode === "802.3ad" && { "lacp-rate": params["bond_lacp_rate"] ?? "fast" }),
    ...(hashes && { "transmit-hash-policy": params["bond_xmit_hash_policy"] ?? "layer2" }),
    ...(mode === "active-backup" && { "gratuitous-arp": params["bond_num_grat_arp"] ?? 1 }),
  };
}

/** Whether a link gets its address by DHCP: it says so, or our DHCP gives the machine its own on that subnet. */
export function asksDhcp({ mode, subnet_id }: Link, subnets: ReadonlyMap<number, Subnet>): boolean {
  if (mode === "dhcp") return true;
  const subnet = subnets.get(subnet_id ?? 0);
  return mode === "auto" && subnet?.dhcp === true && subnet.version === 4;
}

function addresses(one: Interface, gateways: Gateways, { subnets, routes }: Surroundings): Part {
  const fixed: string[] = [];
  const found: Part[] = [];
  const servers = new Set<string>();
  const part: Part = {};
  for (const link of one.links) {
    const subnet = subnets.get(link.subnet_id ?? 0);
    if (asksDhcp(link, subnets)) {
      const six = subnet?.version === 6;
      part[six ? "dhcp6" : "dhcp4"] = true;
      // The address is the card's, not that of whichever system runs on it.
      if (!six) part["dhcp-identifier"] = "mac";
      const way = six ? gateways.ipv6 : gateways.ipv4;
      if (way !== null && way.interface.id !== one.id)
        part[six ? "dhcp6-overrides" : "dhcp4-overrides"] = { "use-routes": false };
      continue;
    }
    if (link.address === null || subnet === undefined || link.mode === "link_up") continue;
    fixed.push(`${link.address}/${subnet.prefix}`);
    for (const server of subnet.dns_servers) servers.add(server);
    for (const { source_id, destination, gateway, metric } of routes)
      if (source_id === subnet.id) found.push({ to: destination, via: gateway, metric });
  }
  for (const way of [gateways.ipv4, gateways.ipv6])
    if (way !== null && way.interface.id === one.id && !asksDhcp(way.link, subnets))
      // "default" is not known to every netplan.
      found.push({ to: isIPv6(way.address) ? "::/0" : "0.0.0.0/0", via: way.address });
  if (typeof one.params["accept_ra"] === "boolean") part["accept-ra"] = one.params["accept_ra"];
  return {
    ...part,
    ...(fixed.length > 0 && { addresses: fixed }),
    ...(found.length > 0 && { routes: found }),
    ...(servers.size > 0 && { nameservers: { addresses: [...servers] } }),
    // Nothing waits for what has no address.
    ...(fixed.length === 0 && part["dhcp4"] !== true && part["dhcp6"] !== true && { optional: true }),
  };
}

/** Only where it is not what every system has by itself. */
function mtu({ mtu: own, vlan_id }: Interface, { vlans }: Surroundings): Part {
  const bytes = own ?? vlans.get(vlan_id ?? 0)?.mtu ?? 1500;
  return own === null && bytes === 1500 ? {} : { mtu: bytes };
}
