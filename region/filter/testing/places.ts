import type { Sower } from "./sower.ts";

/** Zones, pools, racks and networks. */
export async function seedPlaces(sower: Sower) {
  const { fill, pick, whole, flag, some, subset, text, time, later, hash, named } = sower;
  const zones = await fill("zones", named);
  const pools = await fill("pools", named);
  const [fabric = 0] = await fill("fabrics", (index) => ({ ...named(index), class_type: some(text()) }));
  const spaces = await fill("spaces", named);
  const racks = await fill("racks", (index) => ({
    name: `rack-${index}`,
    secret: hash(index),
    version: some(text()),
    http_port: some(5000 + whole(4)),
    interfaces: [{ name: "eth0", mac: null, addresses: [`10.${index}.0.2/24`] }],
    connected_at: some(time()),
    seen_at: some(flag() ? time() : later()),
  }));
  const vlans = await fill("vlans", (index) => ({
    fabric_id: fabric,
    vid: 100 + index,
    name: some(`Name ${whole(3)}`),
    description: text(),
    mtu: 1500 + whole(3),
    space_id: some(pick(spaces)),
    primary_rack_id: some(pick(racks)),
    external_dhcp: some(`10.9.0.${1 + whole(200)}`),
  }));
  const subnets = await fill("subnets", (index) => ({
    cidr: index < 10 ? `10.${index}.0.0/24` : `fd${index}::/64`,
    name: some(text()),
    description: text(),
    vlan_id: pick(vlans),
    gateway: some(index < 10 ? `10.${index}.0.${1 + whole(200)}` : `fd${index}::1`),
    dns_servers: subset(["10.0.0.1", "10.0.0.53", "fd00::53"]),
    ntp_servers: subset(["10.0.0.1", "10.0.0.123"]),
    mtu: some(1500),
    dhcp: flag(),
    allow_dns: flag(),
    managed: flag(),
    disabled_boot_architectures: subset(["pxe", "uefi_amd64"]),
  }));
  return { zones, pools, subnets };
}
