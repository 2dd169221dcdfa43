import type { Interface, Link } from "./read.ts";
import type { Subnet } from "./subnets.ts";

/** An interface as a test wants it. */
export function testInterface(values: Partial<Interface> & { id: number; name: string }): Interface {
  const mac = values.type === undefined || values.type === "physical" ? `02:00:00:00:00:0${values.id}` : null;
  return {
    node_id: "abcdef",
    machine_id: "abcdef",
    device_id: null,
    type: "physical",
    mac: mac ?? "02:00:00:00:00:01",
    own_mac: mac,
    mac_from_id: null,
    vlan_id: 5001,
    enabled: true,
    mtu: null,
    tags: [],
    params: {},
    configured: false,
    acquired: false,
    vendor: null,
    product: null,
    firmware_version: null,
    link_connected: true,
    interface_speed: 0,
    link_speed: 0,
    numa_node: null,
    sriov_max_vf: 0,
    seen: [],
    parents: [],
    children: [],
    links: [],
    leases: [],
    ...values,
  };
}

export const testLink = (id: number, mode: Link["mode"], values: Partial<Link> = {}): Link => ({
  id,
  mode,
  subnet_id: null,
  address: null,
  default_gateway: false,
  ...values,
});

export const testSubnet = (id: number, cidr: string, values: Partial<Subnet> = {}): Subnet => ({
  id,
  cidr,
  version: cidr.includes(":") ? 6 : 4,
  prefix: Number(cidr.split("/")[1]),
  vlan_id: 5001,
  gateway: null,
  dns_servers: [],
  dhcp: false,
  ...values,
});
