import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { sql } from "kysely";
import { testWorld } from "./testing/world.ts";

type Interface = {
  id: number;
  name: string;
  links: { id: number; mode: string; ip_address?: string; subnet?: { id: number } }[];
  [key: string]: unknown;
};

let world: Awaited<ReturnType<typeof testWorld>>;
before(async () => {
  world = await testWorld();
});
after(() => world.close());

let count = 0;
const mac = (): string => `02:00:5e:00:01:${(count += 1).toString(16).padStart(2, "0")}`;
async function subnet(values: { gateway?: string } = {}): Promise<{ id: number; cidr: string }> {
  const cidr = `10.${(count += 1)}.0.0/24`;
  const { rows } = await sql<{ id: number }>`insert into subnets (cidr, name, gateway, vlan_id)
    values (${cidr}, ${cidr}, ${values.gateway ?? null}, 5001) returning id`.execute(world.db);
  return { id: rows[0]?.id ?? 0, cidr };
}
async function card(system_id: string): Promise<Interface> {
  const form = { mac_address: mac().toUpperCase().replaceAll(":", "-"), vlan: "5001" };
  return world.make("POST", `nodes/${system_id}/interfaces/`, { op: "create_physical", form });
}

it("shows links without keys that would be null, and parameters as an object, empty where there are none", async () => {
  const system_id = await world.machine();
  const made = await card(system_id);
  assert.deepEqual(
    made.links.map((link) => Object.keys(link).sort()),
    [["id", "mode"]],
  );
  assert.deepEqual(made["params"], {});
  assert.equal(made["discovered"], null);
  assert.equal((made["vlan"] as { id: number }).id, 5001);
  const { id, cidr } = await subnet();
  const path = `nodes/${system_id}/interfaces/${made.name}/`;
  const linked = await world.make<Interface>("POST", path, { op: "link_subnet", form: { mode: "AUTO", subnet: cidr } });
  assert.deepEqual(
    linked.links.map((link) => [link.mode, link.subnet?.id, "ip_address" in link]),
    [["auto", id, false]],
  );
  const fixed = { mode: "STATIC", subnet: String(id), ip_address: cidr.replace("0/24", "9") };
  const both = await world.make<Interface>("POST", path, { op: "link_subnet", form: fixed });
  assert.equal(both.links[1]?.ip_address, fixed.ip_address);
  const machine = await world.make<{ ip_addresses: string[]; interface_set: Interface[] }>(
    "GET",
    `machines/${system_id}/`,
  );
  assert.deepEqual(machine.ip_addresses, [fixed.ip_address]);
  assert.deepEqual(machine.interface_set.at(-1), both);
});

it("tells wrong fields of a form by MAAS's names", async () => {
  const system_id = await world.machine();
  const made = await card(system_id);
  const path = `nodes/${system_id}/interfaces/`;
  const wrong = async (op: string, form: Record<string, string>, field: string, on = path) => {
    const { status, text } = await world.ask("POST", on, { op, form });
    assert.equal(status, 400, text);
    assert.deepEqual(Object.keys(JSON.parse(text) as object), [field], text);
  };
  await wrong("create_physical", { mac_address: "zz" }, "mac_address");
  await wrong("create_physical", { mac_address: String(made["mac_address"]) }, "mac_address");
  await wrong("create_physical", { mac_address: mac(), vlan: "999999" }, "vlan");
  await wrong("create_physical", { mac_address: mac(), mtu: "100" }, "mtu");
  await wrong("create_bond", { name: "b", parents: "999999" }, "parents");
  await wrong("create_bridge", { parent: "999999" }, "parent");
  await wrong("create_vlan", { parent: String(made.id), vlan: "5001" }, "vlan");
  const one = `${path}${made.id}/`;
  await wrong("link_subnet", { mode: "static" }, "subnet", one);
  await wrong("link_subnet", { mode: "static", subnet: "none" }, "subnet", one);
  await wrong("link_subnet", { mode: "sideways" }, "mode", one);
  const { cidr } = await subnet();
  await wrong("link_subnet", { mode: "static", subnet: cidr, ip_address: "192.0.2.1" }, "ip_address", one);
  await wrong("unlink_subnet", { id: "999999" }, "id", one);
});

it("answers in MAAS's statuses: 404 in its words, 403 for what is not the caller's, 409 by the machine's state", async () => {
  const gone = await world.ask("GET", `nodes/${world.machineId}/interfaces/nope/`);
  assert.deepEqual([gone.status, gone.text], [404, "No Interface matches the given query."]);
  const node = await world.ask("GET", "nodes/zzzzzz/interfaces/");
  assert.deepEqual([node.status, node.text], [404, "No Node matches the given query."]);
  const theirs = await world.machine({ status: "deployed", owner_id: world.people.user.id });
  assert.equal((await world.ask("GET", `nodes/${theirs}/interfaces/`, { as: "user" })).status, 200);
  assert.equal((await world.ask("GET", `nodes/${theirs}/interfaces/`, { as: "other" })).status, 403);
  const form = { mac_address: mac() };
  const asked = { op: "create_physical", form };
  assert.equal((await world.ask("POST", `nodes/${theirs}/interfaces/`, { ...asked, as: "user" })).status, 403);
  assert.equal((await world.ask("POST", `nodes/${theirs}/interfaces/`, asked)).status, 409);
  const put = await world.ask("PUT", `nodes/${theirs}/interfaces/eth0/`, { form: { name: "lan0" } });
  assert.equal(put.status, 200, put.text);
  const locked = await world.machine({ locked: true });
  assert.equal((await world.ask("POST", `nodes/${locked}/interfaces/`, asked)).status, 403);
});

it("lets the owner of a device do everything with its interfaces, and nobody else", async () => {
  const { system_id, interface_set } = await world.make<{ system_id: string; interface_set: Interface[] }>(
    "POST",
    "devices/",
    {
      as: "user",
      form: { mac_addresses: [mac()], parent: world.machineId },
    },
  );
  const path = `nodes/${system_id}/interfaces/${interface_set[0]?.id}/`;
  const { id, cidr } = await subnet();
  const form = { mode: "STATIC", subnet: String(id) };
  assert.equal((await world.ask("POST", path, { op: "link_subnet", form, as: "other" })).status, 403);
  const linked = await world.make<Interface>("POST", path, { op: "link_subnet", form, as: "user" });
  assert.equal(linked.links[0]?.ip_address, cidr.replace("0/24", "1"));
  const auto = await world.ask("POST", path, { op: "link_subnet", form: { ...form, mode: "auto" }, as: "user" });
  assert.equal(auto.status, 400, auto.text);
  const outside = { ip_assignment: "external", ip_address: "203.0.113.9" };
  const changed = await world.make<Interface>("PUT", path, { form: outside, as: "user" });
  assert.deepEqual(
    changed.links.map((link) => [link.mode, link.ip_address, "subnet" in link]),
    [["static", "203.0.113.9", false]],
  );
  const device = await world.make<Record<string, unknown>>("GET", `devices/${system_id}/`, { as: "user" });
  assert.deepEqual(
    [device["ip_addresses"], device["parent"], device["owner"]],
    [["203.0.113.9"], world.machineId, "ben"],
  );
  assert.equal(
    (await world.ask("POST", `devices/${system_id}/`, { op: "set_owner_data", form: { a: "b" } })).status,
    409,
  );
  assert.equal((await world.ask("DELETE", `devices/${system_id}/`, { as: "other" })).status, 403);
  assert.equal((await world.ask("DELETE", `devices/${system_id}/`, { as: "user" })).status, 204);
});

it("narrows the list of devices, and refuses what it does not know", async () => {
  const [one, two] = [mac(), mac()];
  const make = (mac_address: string, hostname: string) =>
    world.make<{ system_id: string }>("POST", "devices/", { form: { mac_addresses: [mac_address], hostname } });
  const [first, second] = [await make(one, "filter-one"), await make(two, "filter-two")];
  const ids = async (query: Record<string, string | string[]>) =>
    (await world.make<{ system_id: string }[]>("GET", "devices/", { query })).map((each) => each.system_id);
  assert.deepEqual(await ids({ mac_address: one.toUpperCase() }), [first.system_id]);
  assert.deepEqual(await ids({ hostname: ["filter-one", "filter-two"] }), [first.system_id, second.system_id]);
  assert.deepEqual(await ids({ hostname: ["filter-one", "filter-two"], not_hostname: "filter-one" }), [
    second.system_id,
  ]);
  assert.deepEqual(await ids({ hostname: "filter-one", owner: "ada", domain: "maas" }), [first.system_id]);
  assert.deepEqual(await ids({ hostname: "filter-one", status: "ready" }), []);
  assert.equal((await world.ask("GET", "devices/", { query: { nonsense: "1" } })).status, 400);
  assert.equal((await world.ask("GET", "devices/", { query: { zone: "nowhere" } })).status, 400);
});

it("keeps names apart: machines and devices, aliases and all else", async () => {
  const hostname = (await world.db.selectFrom("machines").select("hostname").executeTakeFirstOrThrow()).hostname;
  const taken = await world.ask("POST", "devices/", { form: { hostname, mac_addresses: [mac()] } });
  assert.deepEqual([taken.status, Object.keys(taken.json<object>())], [400, ["hostname"]]);
  const made = await world.make<{ hostname: string }>("POST", "devices/", { form: { mac_addresses: [mac()] } });
  const renamed = await world.ask("PUT", `machines/${world.machineId}/`, { form: { hostname: made.hostname } });
  assert.ok(renamed.status >= 400 && renamed.status < 500, renamed.text);
  const record = (rrtype: string, rrdata: string, fqdn: string) =>
    world.ask("POST", "dnsresourcerecords/", { form: { fqdn, rrtype, rrdata } });
  assert.equal((await record("cname", "a.example", "alias.maas")).status, 200);
  for (const [rrtype, rrdata, fqdn] of [
    ["TXT", "x", "alias.maas"],
    ["CNAME", "b.example", "alias.maas"],
    ["A", "192.0.2.1", "other.maas"],
    ["MX", "mail.example", "other.maas"],
    ["MX", "70000 mail.example", "other.maas"],
    ["SRV", "0 0 80 www.example", "other.maas"],
    ["SSHFP", "1 1 1234", "other.maas"],
    ["NS", "two words", "other.maas"],
    ["TXT", "x", "other.nowhere"],
  ] as const)
    assert.equal((await record(rrtype, rrdata, fqdn)).status, 400, `${rrtype} ${rrdata} ${fqdn}`);
  const srv = await record("SRV", "0 5 5060 sip.example", "_sip._tcp.maas");
  assert.equal(srv.json<{ rrdata: string }>().rrdata, "0 5 5060 sip.example");
  const { id } = srv.json<{ id: number }>();
  assert.equal((await world.ask("DELETE", `dnsresourcerecords/${id}/`)).status, 204);
  const left = await world.make<object[]>("GET", "dnsresources/", { query: { name: "_sip._tcp" } });
  assert.deepEqual(left, [], "a name that says nothing any more is gone");
});

it("keeps the default domain, and one that something is in", async () => {
  const { id } = await world.make<{ id: number }>("POST", "domains/", { form: { name: "lab.example" } });
  await world.make("POST", "dnsresources/", { form: { fqdn: "www.lab.example", ip_addresses: "192.0.2.7,192.0.2.8" } });
  const [www] = await world.make<{ id: number; ip_addresses: { ip: string }[] }[]>("GET", "dnsresources/", {
    query: { fqdn: "www.lab.example" },
  });
  assert.deepEqual(
    www?.ip_addresses.map(({ ip }) => ip),
    ["192.0.2.7", "192.0.2.8"],
  );
  assert.equal((await world.ask("DELETE", `domains/${id}/`)).status, 400);
  assert.equal((await world.ask("DELETE", `dnsresources/${www?.id}/`)).status, 204);
  await world.make("POST", `domains/${id}/`, { op: "set_default" });
  assert.equal((await world.ask("DELETE", `domains/${id}/`)).status, 400);
  const device = await world.make<{ fqdn: string; domain: { id: number } }>("POST", "devices/", {
    form: { hostname: "in-lab", mac_addresses: [mac()] },
  });
  assert.deepEqual([device.fqdn, device.domain.id], ["in-lab.lab.example", id]);
  await world.make("POST", "domains/0/", { op: "set_default" });
  assert.equal((await world.ask("DELETE", "domains/0/")).status, 400);
});

it("discovers what DHCP gave addresses, until that is cleared and seen again", async () => {
  const { id, cidr } = await subnet();
  const address = cidr.replace("0/24", "44");
  const phone = mac();
  const see = (at: Date) =>
    sql`insert into leases (subnet_id, address, mac, hostname, state, expires_at, updated_at)
      values (${id}, ${address}, ${phone}, 'phone', 'leased', now() + interval '1 hour', ${at})
      on conflict (subnet_id, address) do update set updated_at = excluded.updated_at`.execute(world.db);
  await see(new Date(Date.now() - 1000));
  const list = async (op?: string) =>
    (
      await world.make<{ ip: string; discovery_id: string }[]>("GET", "discovery/", op === undefined ? {} : { op })
    ).filter(({ ip }) => ip === address);
  const [seen] = await list("by_unknown_ip_and_mac");
  assert.equal(seen?.discovery_id, Buffer.from(`${address},${phone}`).toString("base64"));
  const form = { ip: address, mac: phone };
  assert.equal((await world.ask("POST", "discovery/", { op: "clear_by_mac_and_ip", form, as: "user" })).status, 403);
  assert.equal((await world.ask("POST", "discovery/", { op: "clear_by_mac_and_ip", form })).status, 204);
  assert.deepEqual(await list(), []);
  assert.equal((await world.ask("POST", "discovery/", { op: "clear_by_mac_and_ip", form })).status, 410);
  await see(new Date(Date.now() + 1000));
  assert.equal((await list()).length, 1);
  await world.make("POST", "devices/", { form: { mac_addresses: [phone] } });
  assert.deepEqual(await list("by_unknown_mac"), []);
  assert.equal((await world.ask("POST", "discovery/", { op: "clear", form: {} })).status, 400);
});

it("asks no more queries for many interfaces than for few", async () => {
  const ids = [await world.machine(), await world.machine(), await world.machine()];
  for (const id of ids) await card(id);
  const { renderInterfaces } = await import("./interface-render.ts");
  const asked = async (nodes: readonly string[]) => {
    const statements: string[] = [];
    const watched = world.db.withPlugin({
      transformQuery: ({ node }) => {
        statements.push(node.kind);
        return node;
      },
      transformResult: async ({ result }) => result,
    });
    const found = await renderInterfaces(watched, nodes, { now: new Date() });
    assert.equal(found.size, nodes.length);
    return statements.length;
  };
  const few = await asked(ids.slice(0, 1));
  assert.ok(few > 0);
  assert.equal(await asked(ids), few);
});
