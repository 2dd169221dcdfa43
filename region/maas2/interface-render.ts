import type { Kysely } from "kysely";
import type { Tables } from "../database/tables.ts";
import { chooseGateways } from "../interfaces/gateways.ts";
import { type Interface, type Link, loadInterfaces } from "../interfaces/read.ts";
import { type Networks, loadNetworks } from "./network-render.ts";

/** An interface as MAAS's API shows it. */
export type MaasInterface = Readonly<Record<string, unknown>> & { readonly id: number; readonly links: MaasLink[] };
export type MaasLink = { id: number; mode: string; ip_address?: string; subnet?: object };

/** MTU of what is not connected to a VLAN. */
const usualMtu = 1500;

/** What MAAS's API shows of a node's network. */
export type MaasNetwork = {
  interface_set: MaasInterface[];
  ip_addresses: string[];
  default_gateways: Record<"ipv4" | "ipv6", { gateway_ip: string | null; link_id: number | null }>;
};

type Around = { now: Date; networks?: Networks };

/**
 * The networks of machines and devices by their system ids. A node without interfaces has no entry. Queries do not grow
 * with nodes; `networks` saves reading VLANs and subnets again.
 */
export async function renderNetworking(
  db: Kysely<Tables>,
  nodeIds: readonly string[],
  { now, networks }: Around,
): Promise<Map<string, MaasNetwork>> {
  const interfaces = await loadInterfaces(db, { nodes: nodeIds }, now);
  const around = networks ?? (await loadNetworks(db));
  return new Map([...interfaces].map(([id, list]) => [id, renderNetwork(list, around)]));
}

/** The interfaces of machines and devices by their system ids, in the order of their own ids. */
export async function renderInterfaces(
  db: Kysely<Tables>,
  nodeIds: readonly string[],
  around: Around,
): Promise<Map<string, MaasInterface[]>> {
  const networks = await renderNetworking(db, nodeIds, around);
  return new Map([...networks].map(([id, { interface_set }]) => [id, interface_set]));
}

/** What is shown of the network of one node. */
export function renderNetwork(interfaces: readonly Interface[], networks: Networks): MaasNetwork {
  return { interface_set: renderNode(interfaces, networks), ...networkSummary(interfaces, networks) };
}

/** A node's addresses and gateways. */
export function networkSummary(
  interfaces: readonly Pick<Interface, "enabled" | "links" | "leases">[],
  networks: Networks,
): Omit<MaasNetwork, "interface_set"> {
  const gateways = chooseGateways(interfaces, (id) => networks.subnet(id).gateway_ip);
  const links = interfaces.flatMap((one) => one.links.flatMap(({ address }) => address ?? []));
  const leases = interfaces.flatMap((one) => one.leases.map(({ address }) => address));
  const shown = (found: { address: string; link: Link } | null) => ({
    gateway_ip: found?.address ?? null,
    link_id: found?.link.id ?? null,
  });
  return {
    ip_addresses: [...new Set(links.length === 0 ? leases : links)],
    default_gateways: { ipv4: shown(gateways.ipv4), ipv6: shown(gateways.ipv6) },
  };
}

/** Names of a node's interfaces by their ids, in order. */
export function naming(interfaces: readonly Pick<Interface, "id" | "name">[]): (ids: readonly number[]) => string[] {
  const names = new Map(interfaces.map(({ id, name }) => [id, name]));
  return (ids) => (ids.length === 0 ? [] : ids.flatMap((id) => names.get(id) ?? []).toSorted());
}

/** All interfaces of one node. */
export function renderNode(interfaces: readonly Interface[], networks: Networks): MaasInterface[] {
  const called = naming(interfaces);
  return interfaces.map((one) => ({
    ...interfaceFields(one, networks, called),
    vlan: one.vlan_id === null ? null : networks.vlan(one.vlan_id),
    links: one.links.map((link) => renderLink(link, networks)),
    discovered: shownLeases(one, networks),
  }));
}

/** What an interface shows but its VLAN and subnets. */
function interfaceFields(one: Interface, networks: Networks, called: ReturnType<typeof naming>) {
  return {
    ...cardFields(one, networks, called),
    name: one.name,
    type: one.type,
    tags: one.tags,
    enabled: one.enabled,
    params: paramsOf(one),
    vendor: one.vendor,
    product: one.product,
    firmware_version: one.firmware_version,
    link_connected: one.link_connected,
    interface_speed: one.interface_speed,
    link_speed: one.link_speed,
    numa_node: one.numa_node,
    sriov_max_vf: one.sriov_max_vf,
  };
}

type CardParts = Pick<Interface, "node_id" | "id" | "mac" | "parents" | "children" | "mtu" | "vlan_id">;

/** Of these fields, what does not follow from its row alone; the rest is `shown` of a card. */
export function cardFields(one: CardParts, networks: Networks, called: ReturnType<typeof naming>) {
  return {
    system_id: one.node_id,
    id: one.id,
    mac_address: one.mac,
    parents: called(one.parents),
    children: called(one.children),
    effective_mtu: one.mtu ?? vlanMtu(one, networks),
    resource_uri: `/MAAS/api/2.0/nodes/${one.node_id}/interfaces/${one.id}/`,
  };
}

/** Absent keys are left out: Juju refuses null. */
export function renderLink({ id, mode, address, subnet_id }: Link, networks: Networks): MaasLink {
  return {
    id,
    mode,
    ...(address !== null && { ip_address: address }),
    ...(subnet_id !== null && { subnet: networks.subnet(subnet_id) }),
  };
}

/** Addresses an interface holds by a lease; null where there is none. */
export function shownLeases({ leases }: Pick<Interface, "leases">, networks: Networks) {
  if (leases.length === 0) return null;
  return leases.map(({ subnet_id, address }) => ({ subnet: networks.subnet(subnet_id), ip_address: address }));
}

/**
 * Always an object: Terraform's provider reads nothing else. Router advertisements have the name there by which netplan
 * calls them, and MAAS too.
 */
function paramsOf({ params: { accept_ra, ...params }, mtu }: Interface): object {
  return { ...(mtu !== null && { mtu }), ...params, ...(accept_ra !== undefined && { "accept-ra": accept_ra }) };
}

function vlanMtu({ vlan_id }: Pick<Interface, "vlan_id">, networks: Networks): number {
  return vlan_id === null ? usualMtu : networks.vlan(vlan_id).mtu;
}
