import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { json } from "../database/pool.ts";
import { testWorld } from "./testing/world.ts";

let world: Awaited<ReturnType<typeof testWorld>>;
before(async () => (world = await testWorld()));
after(() => world.close());

type Named = { id: number; name: string; space: string; vid: number; fabric_id: number; resource_uri: string };
type Form = Record<string, string | string[]>;
const subnet = (form: Form) => world.make<Named & { cidr: string; vlan: Named }>("POST", "subnets/", { form });
/** Status and text of an answer, as one line. */
const told = async (method: string, path: string, form?: Form, more: object = {}): Promise<string> => {
  const answer = await world.ask(method, path, { ...(form && { form }), ...more });
  return `${answer.status} ${answer.text}`;
};

test("a subnet goes by its id, name and network, with slashes as clients send them", async () => {
  const made = await subnet({ cidr: "10.10.0.9/24", name: "front", dns_servers: "9.9.9.9 1.1.1.1" });
  assert.equal(made.cidr, "10.10.0.0/24");
  for (const path of [
    `subnets/${made.id}/`,
    `subnets//${made.id}/`,
    `subnets/${made.id}`,
    "subnets/front/",
    "subnets/10.10.0.0/24/",
    "subnets/10.10.0.0%2F24/",
    "subnets/cidr:10.10.0.0/24",
    "subnets/ip:10.10.0.77/",
    made.resource_uri,
  ])
    assert.equal((await world.make<Named>("GET", path)).id, made.id, path);
  const statistics = await world.make<object>("GET", "subnets/10.10.0.0/24/", { op: "statistics" });
  assert.deepEqual(statistics, {
    num_available: 254,
    largest_available: 254,
    num_unavailable: 0,
    total_addresses: 254,
    usage: 0,
    usage_string: "0%",
    available_string: "100%",
    first_address: "10.10.0.1",
    last_address: "10.10.0.254",
    ip_version: 4,
  });
  assert.equal(await told("GET", "subnets/nowhere/"), "404 No Subnet matches the given query.");
  assert.match(await told("PUT", "subnets/front/", { space: "1" }), /^400 {"space":/);
  assert.match(await told("PUT", "subnets/front/", { gateway_ip: "10.9.9.9" }), /^400 {"gateway_ip":/);
  assert.match(await told("POST", "subnets/", { cidr: "10.10.0.0/25" }), /^400 {"cidr":/);
  const cleared = await world.make<{ gateway_ip: null; dns_servers: string[] }>("PUT", "subnets/front/", {
    form: { gateway_ip: "", dns_servers: "" },
  });
  assert.deepEqual([cleared.gateway_ip, cleared.dns_servers], [null, []]);
});

test("where a subnet is follows from its VLAN, tag or fabric", async () => {
  const fabric = await world.make<Named>("POST", "fabrics/", { form: { name: "lab" } });
  const vlan = await world.make<Named>("POST", "fabrics/lab/vlans/", { form: { vid: "30" } });
  assert.equal((await subnet({ cidr: "10.11.0.0/24" })).vlan.id, 5001);
  assert.equal((await subnet({ cidr: "10.11.1.0/24", vlan: String(vlan.id) })).vlan.id, vlan.id);
  assert.equal((await subnet({ cidr: "10.11.2.0/24", fabric: "lab", vid: "30" })).vlan.id, vlan.id);
  const untagged = await subnet({ cidr: "10.11.3.0/24", fabric: String(fabric.id) });
  assert.deepEqual([untagged.vlan.vid, untagged.vlan.fabric_id], [0, fabric.id]);
  assert.match(await told("POST", "subnets/", { cidr: "10.11.4.0/24", vid: "31" }), /^400 {"vid":/);
  assert.match(await told("POST", "subnets/", { cidr: "10.11.4.0/24", vlan: "99999" }), /^400 {"vlan":/);
  assert.match(await told("DELETE", `fabrics/${fabric.id}/`), /^400 [^{].*10\.11\.1\.0\/24/);
  assert.match(await told("DELETE", "fabrics/lab/vlans/30/"), /^400 [^{]/);
  assert.equal(await told("GET", "fabrics/lab/vlans/31/"), "404 No VLAN matches the given query.");
  assert.equal(await told("GET", "vlans/0x1/"), "404 No VLAN matches the given query.");
});

test("VLANs without a space are in the pseudo space, which cannot change", async () => {
  const space = await world.make<Named>("POST", "spaces/", { form: { name: "dmz" } });
  const vlan = await world.make<Named>("POST", "fabrics/0/vlans/", { form: { vid: "60", space: "dmz" } });
  assert.equal(vlan.space, "dmz");
  const made = await subnet({ cidr: "10.12.0.0/24", vlan: String(vlan.id) });
  assert.equal(made.space, "dmz");
  const shown = await world.make<{ subnets: Named[] }>("GET", `spaces/${space.id}/`);
  assert.deepEqual(
    shown.subnets.map(({ id }) => id),
    [made.id],
  );
  const last = (await world.make<Named[]>("GET", "spaces/")).at(-1);
  assert.deepEqual([last?.id, last?.name, last?.resource_uri], [-1, "undefined", "/MAAS/api/2.0/spaces/undefined/"]);
  for (const id of ["-1", "undefined"]) {
    assert.equal((await world.make<Named>("GET", `spaces/${id}/`)).id, -1);
    for (const method of ["PUT", "DELETE"]) assert.match(await told(method, `spaces/${id}/`), /^400 /, method);
  }
  for (const nowhere of ["", "undefined"]) {
    const moved = await world.make<Named>("PUT", `vlans/${vlan.id}/`, { form: { space: nowhere } });
    assert.equal(moved.space, "undefined");
  }
});

test("DHCP is turned on as clients do it: range, rack, VLAN; and keeps its subnet from being deleted", async () => {
  const { db } = world;
  const { system_id: rack } = await db
    .insertInto("racks")
    .values({ name: "rack1", secret: Buffer.alloc(32), interfaces: json([]), seen_at: new Date() })
    .returning("system_id")
    .executeTakeFirstOrThrow();
  const vlan = await world.make<Named>("POST", "fabrics/0/vlans/", { form: { vid: "70" } });
  const made = await subnet({ cidr: "10.13.0.0/24", vlan: String(vlan.id) });
  const path = "fabrics/0/vlans/70/";
  assert.match(await told("PUT", path, { dhcp_on: "true", primary_rack: rack }), /^400 {"dhcp_on":/);
  const range = { type: "dynamic", start_ip: "10.13.0.100", end_ip: "10.13.0.200" };
  assert.match(await told("POST", "ipranges/", range, { as: "user" }), /^403 [^{]/);
  const { id } = await world.make<Named>("POST", "ipranges/", { form: range });
  assert.match(await told("PUT", path, { dhcp_on: "true" }), /^400 {"dhcp_on":/);
  assert.match(await told("PUT", path, { primary_rack: "zzzzzz" }), /^400 {"primary_rack":/);
  type Served = { dhcp_on: boolean; primary_rack: string };
  const served = await world.make<Served>("PUT", path, { form: { dhcp_on: "True", primary_rack: rack } });
  assert.deepEqual([served.dhcp_on, served.primary_rack], [true, rack]);
  assert.match(await told("PUT", path, { primary_rack: "" }), /^400 {"dhcp_on":/);
  assert.match(await told("DELETE", `subnets/${made.id}/`), /^400 [^{].*dynamic range/);
  assert.match(await told("POST", "ipranges/", { ...range, type: "reserved" }), /^400 {"__all__":/);
  assert.equal((await world.make<Served>("PUT", path, { form: { dhcp_on: "false" } })).dhcp_on, false);
  assert.equal((await world.ask("DELETE", `ipranges/${id}/`)).status, 204);
  assert.equal((await world.ask("DELETE", `subnets/${made.id}/`)).status, 204);
});

test("addresses are private to who set them aside, and released by nobody else", async () => {
  const made = await subnet({ cidr: "10.14.0.0/24", gateway_ip: "10.14.0.1" });
  const reserve = (form: Form, as: "user" | "other" = "user") =>
    world.make<{ ip: string; alloc_type: number }>("POST", "ipaddresses/", { op: "reserve", form, as });
  const first = await reserve({ subnet: String(made.id) });
  assert.deepEqual([first.ip, first.alloc_type], ["10.14.0.2", 4]);
  await reserve({ ip_address: "10.14.0.9" }, "other");
  const own = await world.make<{ ip: string }[]>("GET", "ipaddresses/", { as: "user" });
  assert.deepEqual(
    own.map(({ ip }) => ip),
    ["10.14.0.2"],
  );
  const ask = (op: string, ip: string, more: object = {}) =>
    told("POST", "ipaddresses/", { ip, ...more }, { op, as: "user" });
  assert.match(await ask("reserve", "10.14.0.9"), /^409 [^{]/);
  assert.match(await ask("reserve", "172.16.0.1"), /^400 {"ip":/);
  assert.match(await ask("release", "10.14.0.9"), /^400 [^{].*not yours/);
  assert.match(await ask("release", "10.14.0.9", { force: "true" }), /^403 /);
  assert.match(await ask("release", "10.14.0.77"), /^404 /);
  assert.match(await told("GET", "ipaddresses/", undefined, { query: { all: "1" }, as: "user" }), /^403 /);
  const all = await world.make<{ ip: string }[]>("GET", "ipaddresses/", { query: { owner: "cleo" } });
  assert.deepEqual(
    all.map(({ ip }) => ip),
    ["10.14.0.9"],
  );
  const shown = await world.make<{ ip: string; user: string }[]>("GET", `subnets/${made.id}/`, { op: "ip_addresses" });
  assert.deepEqual(
    shown.map(({ ip, user }) => `${ip} ${user}`),
    ["10.14.0.2 ben", "10.14.0.9 cleo"],
  );
  const ranges = await world.make<object[]>("GET", `subnets/${made.id}/`, { op: "reserved_ip_ranges" });
  assert.deepEqual(ranges, [
    { start: "10.14.0.1", end: "10.14.0.1", num_addresses: 1, purpose: ["gateway-ip"] },
    { start: "10.14.0.2", end: "10.14.0.2", num_addresses: 1, purpose: ["assigned-ip"] },
    { start: "10.14.0.9", end: "10.14.0.9", num_addresses: 1, purpose: ["assigned-ip"] },
  ]);
  const forced = { ip: "10.14.0.9", force: "true" };
  assert.equal((await world.ask("POST", "ipaddresses/", { op: "release", form: forced })).status, 204);
});

test("machines' addresses are told with the machine, to those who may know of it", async () => {
  const made = await subnet({ cidr: "10.15.0.0/24" });
  const id = await world.machine({ owner_id: world.people.other.id });
  const { mac } = await world.db
    .selectFrom("interfaces")
    .select("mac")
    .where("machine_id", "=", id)
    .executeTakeFirstOrThrow();
  await world.db
    .insertInto("leases")
    .values({
      subnet_id: made.id,
      address: "10.15.0.30",
      mac: mac ?? "",
      hostname: null,
      state: "leased",
      expires_at: new Date(),
    })
    .execute();
  type Shown = { ip: string; alloc_type: number; node_summary?: { system_id: string; node_type: number } };
  const asked = (as: "admin" | "user", query = {}) =>
    world.make<Shown[]>("GET", `subnets/${made.id}/`, { op: "ip_addresses", as, query });
  const [known] = await asked("admin");
  assert.deepEqual([known?.ip, known?.alloc_type, known?.node_summary?.system_id], ["10.15.0.30", 5, id]);
  assert.equal((await asked("admin", { with_summary: "0" }))[0]?.node_summary, undefined);
  assert.equal((await asked("user"))[0]?.node_summary, undefined);
  const all = await world.make<{ ip: string; interface_set: { system_id: string }[] }[]>("GET", "ipaddresses/", {
    query: { all: "true", ip: "10.15.0.30" },
  });
  assert.deepEqual(
    all.map(({ interface_set }) => interface_set.map(({ system_id }) => system_id)),
    [[id]],
  );
  assert.match(await told("DELETE", `subnets/${made.id}/`), /^400 [^{].*in use by/);
  assert.equal((await world.ask("DELETE", `subnets/${made.id}/`, { query: { force: "true" } })).status, 204);
});

test("a reservation changes its comment only", async () => {
  await subnet({ cidr: "10.16.0.0/24" });
  const form = { ip: "10.16.0.5", mac_address: "52:54:00:00:16:05", comment: "" };
  const { id } = await world.make<Named>("POST", "reservedips/", { form });
  assert.match(await told("PUT", `reservedips/${id}/`, { ip: "10.16.0.6" }), /^400 {"ip":/);
  assert.match(await told("PUT", `reservedips/${id}/`, { mac_address: "52:54:00:00:16:06" }), /^400 {"mac_address":/);
  const same = await world.make<{ comment: string }>("PUT", `reservedips/${id}/`, { form: { ...form, comment: "tv" } });
  assert.equal(same.comment, "tv");
  assert.match(await told("POST", "reservedips/", { ...form, mac_address: "52:54:00:00:16:07" }), /^400 {"ip":/);
});
