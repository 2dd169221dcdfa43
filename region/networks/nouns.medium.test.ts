import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Fabric, IpRange, Space, StaticRoute, Subnet, Vlan } from "@rackwright/contract";
import { json } from "../database/pool.ts";
import { type TestApi, testApi } from "../http/testing.ts";
import { createToken } from "../users/tokens.ts";
import { createUser } from "../users/users.ts";

let api: TestApi;
let key: string;
/** Whether requests are the local operator's, who may do everything; else they are ben's. */
let local = true;
before(async () => {
  api = await testApi({ local: () => local });
  const { db } = api.database;
  const by = { actor: "root", now: new Date() };
  await createUser(db, { username: "ben", password: "ben-password-1", administrator: false }, by);
  const { id } = await db.selectFrom("users").select("id").where("username", "=", "ben").executeTakeFirstOrThrow();
  ({ key } = await createToken(db, { id, username: "ben" }, "test", by));
  for (const [n, name] of ["rack1", "rack2"].entries())
    await db
      .insertInto("racks")
      .values({ name, secret: Buffer.alloc(32), seen_at: n === 0 ? new Date() : null, interfaces: json([]) })
      .execute();
});
after(() => api.close());

type Method = "GET" | "POST" | "PATCH" | "DELETE";
type Refusal = { detail: string; failures?: { field: string; allowed: string }[] };
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- names the answer expected
async function ask<T>(method: Method, path: string, payload?: object): Promise<{ status: number; body: T }> {
  const headers = local ? {} : { authorization: `Bearer ${key}` };
  const answer = await api.app.inject({ method, url: `/api/v1${path}`, headers, ...(payload && { payload }) });
  return { status: answer.statusCode, body: (answer.body === "" ? null : answer.json()) as T };
}
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- names the answer expected
async function make<T>(path: string, payload: object): Promise<T> {
  const { status, body } = await ask<T>("POST", path, payload);
  assert.equal(status, 201, JSON.stringify(body));
  return body;
}
/** The status of a refusal, its first field, and its words. */
async function refused(method: Method, path: string, payload?: object): Promise<string> {
  const { status, body } = await ask<Refusal>(method, path, payload);
  assert.ok(status >= 400 && status < 500, `${status} ${JSON.stringify(body)}`);
  return `${status} ${body.failures?.[0]?.field ?? ""}: ${body.failures?.[0]?.allowed ?? body.detail}`;
}

test("a fabric has a name of its own and an untagged VLAN; the first one stays, and so does one in use", async () => {
  const made = await make<Fabric>("/fabrics", {});
  assert.equal(made.name, `fabric-${made.id}`);
  const { body: vlans } = await ask<{ items: Vlan[] }>("GET", `/vlans?fabric_id=${made.id}`);
  assert.deepEqual(
    vlans.items.map(({ vid, name, dhcp }) => ({ vid, name, dhcp })),
    [{ vid: 0, name: "untagged", dhcp: false }],
  );
  const named = await ask<Fabric>("PATCH", `/fabrics/${made.id}`, { name: "lab", class_type: "10g" });
  assert.deepEqual(named.body, { id: made.id, name: "lab", description: "", class_type: "10g" });
  assert.match(await refused("POST", "/fabrics", { name: "lab" }), /^409 name: is the name of another fabric/);
  assert.match(await refused("POST", "/fabrics", { name: "fabric-0" }), /^400 name: must not be 'fabric-'/);
  assert.match(await refused("POST", "/fabrics", { name: " x" }), /^400 name/);
  assert.match(await refused("DELETE", "/fabrics/0"), /^409 .*always exists/);
  const untagged = vlans.items[0]?.id ?? 0;
  const subnet = await make<Subnet>("/subnets", { cidr: "10.1.0.0/24", vlan_id: untagged });
  assert.match(await refused("DELETE", `/fabrics/${made.id}`), /^409 .*the subnet 10\.1\.0\.0\/24/);
  assert.equal((await ask("DELETE", `/subnets/${subnet.id}`)).status, 204);
  assert.equal((await ask("DELETE", `/fabrics/${made.id}`)).status, 204);
  assert.match(await refused("GET", `/fabrics/${made.id}`), /^404/);
  const page = await ask<{ items: Fabric[]; next: string | null }>("GET", "/fabrics?limit=1");
  assert.deepEqual([page.body.items[0]?.id, page.body.next], [0, null]);
});

test("VLANs keep their tags apart, their racks right, and go only when nothing is on them", async () => {
  const space = await make<Space>("/spaces", { name: "dmz" });
  const vlan = await make<Vlan>("/vlans", { fabric_id: 0, vid: 40, space_id: space.id, name: "store" });
  assert.match(await refused("POST", "/vlans", { fabric_id: 0, vid: 40 }), /^409 vid: is the tag of another VLAN/);
  assert.match(
    await refused("POST", "/vlans", { fabric_id: 99, vid: 1 }),
    /^400 fabric_id: must be the id of a fabric/,
  );
  assert.match(await refused("POST", "/vlans", { fabric_id: 0, vid: 4095 }), /^400 vid/);
  const path = `/vlans/${vlan.id}`;
  assert.match(await refused("PATCH", "/vlans/5001", { vid: 5 }), /^400 vid: must stay/);
  assert.match(await refused("DELETE", "/vlans/5001"), /^409 .*untagged VLAN/);
  assert.match(await refused("PATCH", path, { relay_vlan_id: vlan.id }), /^400 relay_vlan_id: must be another VLAN/);
  assert.match(
    await refused("PATCH", path, { primary_rack: "rack9" }),
    /^400 primary_rack: must be the name of a rack/,
  );
  assert.match(await refused("PATCH", path, { secondary_rack: "rack1" }), /^400 secondary_rack: needs a primary rack/);
  const both = { primary_rack: "rack1", secondary_rack: "rack1" };
  assert.match(await refused("PATCH", path, both), /^400 secondary_rack: must be another rack/);
  assert.equal((await ask("PATCH", path, { primary_rack: "rack2" })).status, 200);
  assert.match(await refused("PATCH", path, { secondary_rack: "rack1" }), /^400 secondary_rack: can be set alone only/);
  assert.equal((await ask("PATCH", path, { primary_rack: "rack2", secondary_rack: "rack1" })).status, 200);
  const { body: promoted } = await ask<Vlan>("PATCH", path, { primary_rack: null });
  assert.deepEqual([promoted.primary_rack, promoted.secondary_rack], ["rack1", null]);
  assert.equal((await ask("DELETE", `/spaces/${space.id}`)).status, 204);
  assert.equal((await ask<Vlan>("GET", path)).body.space_id, null);
});

test("DHCP of a VLAN and of its subnets is one switch", async () => {
  const vlan = await make<Vlan>("/vlans", { fabric_id: 0, vid: 50 });
  const path = `/vlans/${vlan.id}`;
  const relay = await make<Vlan>("/vlans", { fabric_id: 0, vid: 51 });
  assert.match(await refused("PATCH", path, { dhcp: true }), /^400 dhcp: needs a dynamic range/);
  const one = await make<Subnet>("/subnets", { cidr: "10.50.0.0/24", vlan_id: vlan.id });
  const two = await make<Subnet>("/subnets", { cidr: "10.50.1.0/24", vlan_id: vlan.id });
  const dynamic = { type: "dynamic", first: "10.50.0.10", last: "10.50.0.20" };
  const range = await make<IpRange>("/ip-ranges", dynamic);
  assert.equal(range.subnet_id, one.id);
  await ask("PATCH", path, { relay_vlan_id: relay.id });
  const { body: on } = await ask<Vlan>("PATCH", path, { dhcp: true });
  assert.deepEqual([on.dhcp, on.relay_vlan_id], [true, null]);
  const dhcpOf = async ({ id }: Subnet) => (await ask<Subnet>("GET", `/subnets/${id}`)).body.dhcp;
  assert.deepEqual([await dhcpOf(one), await dhcpOf(two)], [true, false]);
  assert.match(await refused("PATCH", path, { relay_vlan_id: relay.id }), /^400 relay_vlan_id: must be none/);
  await make<IpRange>("/ip-ranges", { type: "dynamic", first: "10.50.1.10", last: "10.50.1.20" });
  assert.equal(await dhcpOf(two), true, "a VLAN that serves DHCP does so on its new range");
  await ask("PATCH", `/subnets/${one.id}`, { dhcp: false });
  assert.equal((await ask<Vlan>("GET", path)).body.dhcp, true);
  await ask("PATCH", path, { dhcp: false });
  assert.deepEqual([await dhcpOf(one), await dhcpOf(two)], [false, false]);
  await ask("PATCH", `/subnets/${two.id}`, { dhcp: true });
  assert.equal((await ask<Vlan>("GET", path)).body.dhcp, true);
});

test("IPv6 subnets are kept, without DHCP; a network moves only with what is in it", async () => {
  const six = await make<Subnet>("/subnets", {
    cidr: "FD00:0:0:1::/64",
    gateway: "fe80::1",
    dynamic_ranges: [{ first: "fd00:0:0:1::10", last: "fd00:0:0:1::ff" }],
  });
  assert.deepEqual([six.cidr, six.name], ["fd00:0:0:1::/64", "fd00:0:0:1::/64"]);
  assert.match(await refused("PATCH", `/subnets/${six.id}`, { dhcp: true }), /^400 dhcp: must be false/);
  assert.match(await refused("POST", "/subnets", { cidr: "fd00:0:0:1::/80" }), /^409 cidr: must not overlap/);
  assert.match(await refused("POST", "/subnets", { cidr: "fd00::1/64" }), /^400 cidr: .*did you mean fd00::\/64/);
  const usage = await ask<{ total: number; ranges: { first: string; purposes: string[] }[] }>(
    "GET",
    `/subnets/${six.id}/usage`,
  );
  assert.equal(usage.body.total, 2 ** 64);
  assert.deepEqual(
    usage.body.ranges.map(({ first, purposes }) => `${first} ${purposes.join()}`),
    ["fd00:0:0:1:: rfc-4291-2.6.1", "fd00:0:0:1::1 ", "fd00:0:0:1::10 dynamic", "fd00:0:0:1::100 "],
  );
  const four = await make<Subnet>("/subnets", { cidr: "10.60.0.0/24" });
  await make<IpRange>("/ip-ranges", { type: "reserved", first: "10.60.0.200", last: "10.60.0.210" });
  assert.match(
    await refused("PATCH", `/subnets/${four.id}`, { cidr: "10.60.0.0/25" }),
    /^400 cidr: must go on containing the reserved range/,
  );
  const grown = await ask<Subnet>("PATCH", `/subnets/${four.id}`, { cidr: "10.60.0.0/23" });
  assert.deepEqual([grown.body.cidr, grown.body.name], ["10.60.0.0/23", "10.60.0.0/23"]);
});

test("ranges keep out of each other's way, and are their owners'", async () => {
  const subnet = await make<Subnet>("/subnets", { cidr: "10.70.0.0/24", gateway: "10.70.0.1" });
  const range = (type: string, first: number, last: number) => ({
    type,
    first: `10.70.0.${first}`,
    last: `10.70.0.${last}`,
  });
  const made = await make<IpRange>("/ip-ranges", { ...range("reserved", 10, 20), comment: "printers", owner: "ben" });
  assert.deepEqual(made, {
    ...range("reserved", 10, 20),
    id: made.id,
    subnet_id: subnet.id,
    comment: "printers",
    owner: "ben",
  });
  assert.match(await refused("POST", "/ip-ranges", range("reserved", 20, 30)), /^409 .*reserved range 10\.70\.0\.10/);
  assert.match(await refused("POST", "/ip-ranges", range("dynamic", 5, 12)), /^409 .*reserved range/);
  assert.match(await refused("POST", "/ip-ranges", range("dynamic", 1, 5)), /^400 first: .*the gateway/);
  assert.match(await refused("POST", "/ip-ranges", range("dynamic", 9, 5)), /^400 last: must not end before/);
  assert.match(
    await refused("POST", "/ip-ranges", { ...range("dynamic", 40, 50), last: "10.71.0.1" }),
    /^400 last: must lie/,
  );
  assert.match(await refused("POST", "/ip-ranges", { ...range("reserved", 40, 50), owner: "nobody" }), /^400 owner/);
  const dynamic = await make<IpRange>("/ip-ranges", range("dynamic", 100, 150));
  assert.match(
    await refused("PATCH", `/subnets/${subnet.id}`, { dynamic_ranges: [{ first: "10.70.0.15", last: "10.70.0.50" }] }),
    /^400 dynamic_ranges\[0\]: must not contain the reserved range/,
  );
  const kept = [{ first: "10.70.0.100", last: "10.70.0.150" }];
  await ask("PATCH", `/subnets/${subnet.id}`, {
    dynamic_ranges: [...kept, { first: "10.70.0.160", last: "10.70.0.170" }],
  });
  const { body: list } = await ask<{ items: IpRange[] }>("GET", `/ip-ranges?subnet_id=${subnet.id}`);
  assert.deepEqual(
    list.items.map(({ first }) => first),
    ["10.70.0.10", "10.70.0.100", "10.70.0.160"],
  );
  assert.ok(
    list.items.some(({ id }) => id === dynamic.id),
    "a range that stays keeps its number",
  );
});

test("any user reserves addresses for himself; what is others' and the networks themselves are an administrator's", async () => {
  const subnet = await make<Subnet>("/subnets", { cidr: "10.90.0.0/24" });
  const roots = await make<IpRange>("/ip-ranges", { type: "reserved", first: "10.90.0.10", last: "10.90.0.20" });
  const aside = await make<{ id: number }>("/ip-addresses", { address: "10.90.0.5" });
  local = false;
  try {
    const own = await make<IpRange>("/ip-ranges", { type: "reserved", first: "10.90.0.30", last: "10.90.0.40" });
    assert.equal(own.owner, "ben");
    assert.equal((await ask<IpRange>("PATCH", `/ip-ranges/${own.id}`, { comment: "x" })).body.comment, "x");
    const address = await make<{ id: number; address: string; owner: string }>("/ip-addresses", {
      subnet_id: subnet.id,
    });
    assert.deepEqual([address.address, address.owner], ["10.90.0.1", "ben"]);
    const { body } = await ask<{ items: { id: number }[] }>("GET", "/ip-addresses");
    assert.deepEqual(
      body.items.map(({ id }) => id),
      [address.id],
    );
    for (const [method, path, payload] of [
      ["PATCH", `/ip-ranges/${roots.id}`, { comment: "mine" }],
      ["DELETE", `/ip-ranges/${roots.id}`],
      ["PATCH", `/ip-ranges/${own.id}`, { type: "dynamic" }],
      ["PATCH", `/ip-ranges/${own.id}`, { owner: "root" }],
      ["POST", "/ip-ranges", { type: "dynamic", first: "10.90.0.50", last: "10.90.0.60" }],
      ["POST", "/ip-ranges", { type: "reserved", first: "10.90.0.50", last: "10.90.0.60", owner: "root" }],
      ["POST", "/fabrics", {}],
      ["POST", "/subnets", { cidr: "10.91.0.0/24" }],
      ["PATCH", "/vlans/5001", { mtu: 9000 }],
      ["DELETE", "/spaces/1"],
      ["POST", "/reserved-ips", { address: "10.90.0.70", mac: "52:54:00:00:00:01" }],
    ] as const)
      assert.match(await refused(method, path, payload), /^403/, `${method} ${path}`);
    assert.match(await refused("DELETE", `/ip-addresses/${aside.id}`), /^404/);
    assert.equal((await ask("DELETE", `/ip-addresses/${address.id}`)).status, 204);
    assert.equal((await ask("DELETE", `/ip-ranges/${own.id}`)).status, 204);
  } finally {
    local = true;
  }
  assert.equal((await ask("DELETE", `/ip-addresses/${aside.id}`)).status, 204);
});

test("static routes lead from a subnet through a router of it to another of the same kind", async () => {
  const from = await make<Subnet>("/subnets", { cidr: "10.80.0.0/24" });
  const to = await make<Subnet>("/subnets", { cidr: "10.81.0.0/24" });
  const six = await make<Subnet>("/subnets", { cidr: "fd00:80::/64" });
  const wanted = { source_id: from.id, destination_id: to.id, gateway: "10.80.0.1" };
  const route = await make<StaticRoute>("/static-routes", wanted);
  assert.deepEqual(route, { ...wanted, id: route.id, metric: 0 });
  assert.match(await refused("POST", "/static-routes", wanted), /^409 .*same route/);
  assert.match(
    await refused("POST", "/static-routes", { ...wanted, gateway: "10.81.0.1" }),
    /^400 gateway: must be an/,
  );
  assert.match(await refused("POST", "/static-routes", { ...wanted, destination_id: six.id }), /^400 destination_id/);
  assert.match(await refused("POST", "/static-routes", { ...wanted, destination_id: from.id }), /^400 destination_id/);
  assert.equal((await ask<StaticRoute>("PATCH", `/static-routes/${route.id}`, { metric: 5 })).body.metric, 5);
  await ask("DELETE", `/subnets/${to.id}`);
  assert.match(await refused("GET", `/static-routes/${route.id}`), /^404/);
});

test("numbers and cursors of no page are refused, never a defect", async () => {
  for (const noun of [
    "fabrics",
    "vlans",
    "spaces",
    "subnets",
    "ip-ranges",
    "static-routes",
    "reserved-ips",
    "ip-addresses",
  ]) {
    for (const id of ["0x1", "-1", "99999999999999999999", "1e3", "%F0%9F%92%A9"])
      assert.equal((await ask("GET", `/${noun}/${id}`)).status, 400, `${noun} ${id}`);
    assert.equal((await ask("GET", `/${noun}/999999999999999`)).status, 404, noun);
    assert.equal((await ask("GET", `/${noun}?cursor=x`)).status, 400, noun);
  }
  assert.deepEqual(api.defects, []);
});
