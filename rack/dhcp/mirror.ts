import type { RackConfig, RackSubnet } from "@rackwright/contract/rack";
import { addressToNumber, networkHolds, parseNetwork, type Network, type Options } from "@rackwright/dhcp";
import { networkOptions } from "./network-options.ts";

/** A subnet with what answering needs worked out. */
export interface ServedSubnet {
  id: number;
  cidr: string;
  network: Network;
  dhcp: boolean;
  /** Has a dynamic range, so strangers may be given an address. */
  dynamic: boolean;
  options: Options;
}

/** An address known to be a client's own: by a host entry for good, by a lease until it ends. */
export interface KnownAddress {
  mac: string;
  subnetId: number;
  address: string;
  hostname: string | null;
  /** Milliseconds since 1970; infinity for a host entry. */
  expiresAt: number;
}

/** The rack's copy of what the region knows, so that known machines are answered without asking. */
export interface Mirror {
  /** Takes over a configuration. Leases made here that the document does not have yet are kept. */
  update: (config: RackConfig) => void;
  /** The document to keep on disk: the last configuration with the leases as they are now. */
  document: () => RackConfig | undefined;
  subnet: (id: number) => ServedSubnet | undefined;
  /** The served subnet that holds the address. */
  subnetOf: (address: string) => ServedSubnet | undefined;
  /** The client's own address on one of these subnets: a host entry before a lease. */
  known: (mac: string, subnets: readonly ServedSubnet[], now: number) => KnownAddress | undefined;
  /** The last lease, ended or not: what the client would like to have again. */
  last: (mac: string, subnetId: number) => KnownAddress | undefined;
  /** Notes a lease; another client's lease of the same address is forgotten. */
  remember: (lease: KnownAddress) => void;
  forget: (mac: string, address: string) => void;
  /** Drops leases that ended before `now - graceMilliseconds`. */
  sweep: (now: number, graceMilliseconds: number) => void;
  leaseCount: () => number;
  /** Is it an address of another rack of the region? */
  isRack: (address: string) => boolean;
}

/** An empty mirror: it serves nothing until the first `update`. */
export function createMirror(): Mirror {
  let config: RackConfig | undefined;
  let subnets = new Map<number, ServedSubnet>();
  let racks = new Set<string>();
  let hosts = new Map<string, KnownAddress[]>();
  let hostOwners = new Map<string, Set<string>>();
  const leases = new Map<string, KnownAddress[]>();
  const leaseOwners = new Map<string, string>();

  const forget = (mac: string, address: string): void => {
    const rest = leases.get(mac)?.filter((lease) => lease.address !== address) ?? [];
    if (rest.length > 0) leases.set(mac, rest);
    else leases.delete(mac);
    if (leaseOwners.get(address) === mac) leaseOwners.delete(address);
  };
  const remember = (lease: KnownAddress): void => {
    const owner = leaseOwners.get(lease.address);
    if (owner !== undefined && owner !== lease.mac) forget(owner, lease.address);
    for (const old of leases.get(lease.mac) ?? [])
      if (old.subnetId === lease.subnetId && old.address !== lease.address) forget(lease.mac, old.address);
    const others = leases.get(lease.mac)?.filter((old) => old.address !== lease.address) ?? [];
    leases.set(lease.mac, [...others, lease]);
    leaseOwners.set(lease.address, lease.mac);
  };
  const reservedForOther = (mac: string, address: string): boolean => {
    const owners = hostOwners.get(address);
    return owners !== undefined && !owners.has(mac);
  };

  return {
    update(next) {
      config = next;
      racks = new Set(next.racks);
      subnets = new Map(next.subnets.map((subnet) => [subnet.id, served(subnet)]));
      hosts = new Map();
      hostOwners = new Map();
      for (const { mac, address, subnet_id, hostname } of next.hosts) {
        const host = { mac, address, subnetId: subnet_id, hostname, expiresAt: Number.POSITIVE_INFINITY };
        hosts.set(mac, [...(hosts.get(mac) ?? []), host]);
        hostOwners.set(address, (hostOwners.get(address) ?? new Set()).add(mac));
      }
      for (const { mac, address, subnet_id, hostname, expires_at } of next.leases) {
        const lease = { mac, address, subnetId: subnet_id, hostname, expiresAt: Date.parse(expires_at) };
        const mine = leases.get(mac)?.find((each) => each.address === address);
        if (mine === undefined || mine.expiresAt < lease.expiresAt) remember(lease);
      }
      for (const list of leases.values())
        for (const lease of list) if (!subnets.has(lease.subnetId)) forget(lease.mac, lease.address);
    },
    document() {
      return config === undefined ? undefined : { ...config, leases: [...leases.values()].flat().map(leaseDocument) };
    },
    subnet: (id) => subnets.get(id),
    subnetOf(address) {
      const number = addressToNumber(address);
      let best: ServedSubnet | undefined;
      for (const subnet of subnets.values())
        if (networkHolds(subnet.network, number) && subnet.network.prefix >= (best?.network.prefix ?? 0)) best = subnet;
      return best;
    },
    known(mac, link, now) {
      const onLink = (each: KnownAddress): boolean => link.some((subnet) => subnet.id === each.subnetId);
      const host = hosts.get(mac)?.find(onLink);
      if (host !== undefined) return host;
      return leases
        .get(mac)
        ?.find((each) => each.expiresAt > now && onLink(each) && !reservedForOther(mac, each.address));
    },
    last: (mac, subnetId) => leases.get(mac)?.find((each) => each.subnetId === subnetId),
    remember,
    forget,
    sweep(now, graceMilliseconds) {
      for (const list of leases.values())
        for (const lease of list) if (lease.expiresAt < now - graceMilliseconds) forget(lease.mac, lease.address);
    },
    leaseCount: () => leaseOwners.size,
    isRack: (address) => racks.has(address),
  };
}

/** A host entry has no end; everything else known is a lease. */
export function knownSource({ expiresAt }: KnownAddress): "host" | "lease" {
  return expiresAt === Number.POSITIVE_INFINITY ? "host" : "lease";
}

function served(subnet: RackSubnet): ServedSubnet {
  const network = parseNetwork(subnet.cidr);
  return {
    id: subnet.id,
    cidr: subnet.cidr,
    network,
    dhcp: subnet.dhcp,
    dynamic: subnet.ranges.length > 0,
    options: networkOptions(subnet, network),
  };
}

function leaseDocument({ mac, address, subnetId, hostname, expiresAt }: KnownAddress): RackConfig["leases"][number] {
  return { mac, address, subnet_id: subnetId, hostname, expires_at: new Date(expiresAt).toISOString() };
}
