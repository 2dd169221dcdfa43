import assert from "node:assert/strict";
import { test } from "node:test";
import { type Surroundings, networkConfig, withBootLink } from "./netplan.ts";
import { testInterface, testLink, testSubnet } from "./testing.ts";

const around = (values: Partial<Surroundings> = {}): Surroundings => ({
  subnets: new Map([
    [1, testSubnet(1, "10.0.1.0/24", { gateway: "10.0.1.1", dns_servers: ["10.0.1.2"] })],
    [2, testSubnet(2, "10.0.2.0/24", { gateway: "10.0.2.1", dhcp: true })],
    [3, testSubnet(3, "fd00:3::/64", { gateway: "fd00:3::1" })],
  ]),
  vlans: new Map([
    [5001, { vid: 0, mtu: 1500 }],
    [5010, { vid: 10, mtu: 9000 }],
  ]),
  routes: [],
  kernelNames: new Map(),
  ...values,
});
const match = (id: number) => ({ match: { macaddress: `02:00:00:00:00:0${id}` } });

test("a card whose address our DHCP chooses asks for it, as an unconfigured machine does", () => {
  const card = testInterface({ id: 1, name: "eth0", links: [testLink(1, "auto", { subnet_id: 2 })] });
  assert.deepEqual(networkConfig([card], around()), {
    version: 2,
    ethernets: { eth0: { ...match(1), dhcp4: true, "dhcp-identifier": "mac" } },
  });
});

test("fixed addresses bring their gateway, name servers and static routes with them", () => {
  const links = [
    testLink(1, "static", { subnet_id: 1, address: "10.0.1.9" }),
    testLink(2, "auto", { subnet_id: 3, address: "fd00:3::9" }),
  ];
  const routes = [{ source_id: 1, destination: "10.9.0.0/16", gateway: "10.0.1.7", metric: 5 }];
  assert.deepEqual(networkConfig([testInterface({ id: 1, name: "eth0", links })], around({ routes })), {
    version: 2,
    ethernets: {
      eth0: {
        ...match(1),
        addresses: ["10.0.1.9/24", "fd00:3::9/64"],
        routes: [
          { to: "10.9.0.0/16", via: "10.0.1.7", metric: 5 },
          { to: "0.0.0.0/0", via: "10.0.1.1" },
          { to: "::/0", via: "fd00:3::1" },
        ],
        nameservers: { addresses: ["10.0.1.2"] },
      },
    },
  });
});

test("only one link of a family leads out: the chosen one, else the first", () => {
  const dhcp = testInterface({ id: 1, name: "eth0", links: [testLink(1, "dhcp", { subnet_id: 2 })] });
  const fixed = (chosen: boolean) =>
    testInterface({
      id: 2,
      name: "eth1",
      links: [testLink(2, "static", { subnet_id: 1, address: "10.0.1.9", default_gateway: chosen })],
    });
  const parts = (chosen: boolean) =>
    networkConfig([dhcp, fixed(chosen)], around())["ethernets"] as Record<string, object>;
  assert.ok(!("routes" in (parts(false)["eth1"] ?? {})));
  assert.ok(!("dhcp4-overrides" in (parts(false)["eth0"] ?? {})));
  assert.deepEqual((parts(true)["eth1"] as { routes: unknown }).routes, [{ to: "0.0.0.0/0", via: "10.0.1.1" }]);
  assert.deepEqual((parts(true)["eth0"] as Record<string, unknown>)["dhcp4-overrides"], { "use-routes": false });
});

test("bonds, bridges and VLANs are made of their parents, with the options their kind knows", () => {
  const members = [1, 2].map((id) => testInterface({ id, name: `eth${id}`, children: [3] }));
  const bond = testInterface({
    id: 3,
    name: "bond0",
    type: "bond",
    parents: [1, 2],
    children: [4],
    params: { bond_mode: "802.3ad", bond_miimon: 50, bond_xmit_hash_policy: "layer3+4", bond_lacp_rate: "slow" },
  });
  const vlan = testInterface({ id: 4, name: "bond0.10", type: "vlan", parents: [3], children: [5], vlan_id: 5010 });
  const bridge = testInterface({
    id: 5,
    name: "br0",
    type: "bridge",
    parents: [4],
    vlan_id: 5010,
    params: { bridge_type: "standard", bridge_stp: true, bridge_fd: 4 },
    links: [testLink(1, "static", { subnet_id: 1, address: "10.0.1.9" })],
  });
  // Whatever their order, and although a bridge comes before what it is made of.
  assert.deepEqual(networkConfig([bridge, vlan, bond, ...members], around()), {
    version: 2,
    ethernets: { eth1: { ...match(1), optional: true }, eth2: { ...match(2), optional: true } },
    bonds: {
      bond0: {
        interfaces: ["eth1", "eth2"],
        macaddress: "02:00:00:00:00:01",
        parameters: {
          mode: "802.3ad",
          "mii-monitor-interval": 50,
          "up-delay": 0,
          "down-delay": 0,
          "lacp-rate": "slow",
          "transmit-hash-policy": "layer3+4",
        },
        optional: true,
      },
    },
    bridges: {
      br0: {
        interfaces: ["bond0.10"],
        macaddress: "02:00:00:00:00:01",
        parameters: { stp: true, "forward-delay": 4 },
        addresses: ["10.0.1.9/24"],
        routes: [{ to: "0.0.0.0/0", via: "10.0.1.1" }],
        nameservers: { addresses: ["10.0.1.2"] },
        mtu: 9000,
      },
    },
    vlans: { "bond0.10": { id: 10, link: "bond0", optional: true, mtu: 9000 } },
  });
});

test("what is off is left out with all that is made of it alone; a card that was renamed is renamed there", () => {
  const off = testInterface({ id: 1, name: "eth0", enabled: false, children: [3] });
  const lan = testInterface({ id: 2, name: "lan", links: [testLink(1, "dhcp")] });
  const bridge = testInterface({ id: 3, name: "br0", type: "bridge", parents: [1], links: [testLink(2, "dhcp")] });
  const config = networkConfig([off, lan, bridge], around({ kernelNames: new Map([[2, "enp1s0"]]) }));
  assert.deepEqual(config, {
    version: 2,
    ethernets: { lan: { ...match(2), "set-name": "lan", dhcp4: true, "dhcp-identifier": "mac" } },
  });
});

test("an MTU of its own and router advertisements are said", () => {
  const links = [testLink(1, "dhcp")];
  const card = testInterface({ id: 1, name: "eth0", mtu: 1400, params: { accept_ra: false }, links });
  const { ethernets } = networkConfig([card], around()) as { ethernets?: Record<string, Record<string, unknown>> };
  assert.deepEqual([ethernets?.["eth0"]?.["mtu"], ethernets?.["eth0"]?.["accept-ra"]], [1400, false]);
});

test("the boot card asks for an address where nobody said otherwise, and nowhere else", () => {
  const boot = testInterface({ id: 2, name: "eth1", leases: [{ subnet_id: 2, address: "10.0.2.9" }] });
  const fixed = [testLink(1, "static", { subnet_id: 1, address: "10.0.1.9" })];
  const other = testInterface({ id: 1, name: "eth0", configured: true, links: fixed });
  const part = (...all: Parameters<typeof withBootLink>[0]) => {
    const { ethernets } = networkConfig(withBootLink(all, boot.own_mac), around());
    return Object.entries(ethernets ?? {}).find(([name]) => name === boot.name)?.[1] as unknown;
  };
  const asks = { ...match(2), dhcp4: true, "dhcp-identifier": "mac" };
  // The lease is of a subnet with a gateway, but traffic leaves by the first.
  assert.deepEqual(part(other, boot), { ...asks, "dhcp4-overrides": { "use-routes": false } });
  assert.deepEqual(part(boot, other), asks);
  const vlan = testInterface({ id: 3, name: "eth1.10", type: "vlan", parents: [2], vlan_id: 5010 });
  assert.deepEqual(part({ ...boot, children: [3] }, vlan), asks, "a VLAN leaves the card its own traffic");
  const bridge = testInterface({ id: 3, name: "br0", type: "bridge", parents: [2], links: fixed });
  assert.deepEqual(part({ ...boot, children: [3] }, bridge), { ...match(2), optional: true });
  for (const decided of [{ configured: true }, { enabled: false }])
    assert.equal(part(other, { ...boot, ...decided }), undefined);
  const up = { ...boot, links: [testLink(2, "link_up")] };
  assert.deepEqual(part(other, up), { ...match(2), optional: true });
  const alone = withBootLink([other, testInterface({ id: 2, name: "eth1" })], "02:ff:00:00:00:00");
  assert.deepEqual(
    alone.map(({ links }) => links.length),
    [1, 0],
    "of an unknown boot card, the first stands for it",
  );
});
