import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { sql } from "kysely";
import { testWorld } from "./testing/world.ts";

// What Juju, gomaasclient and Terraform's provider send and read that others do not.

type Link = { id: number; mode: string; subnet?: { id: number } };
type Interface = { id: number; name: string; params: unknown; parents: string[]; links: Link[]; vlan: { id: number } };

let world: Awaited<ReturnType<typeof testWorld>>;
before(async () => {
  world = await testWorld();
});
after(() => world.close());

let count = 0;
const mac = (): string => `02:00:5e:00:09:${(count += 1).toString(16).padStart(2, "0")}`;
async function subnet(): Promise<{ id: number; cidr: string }> {
  const cidr = `10.${(count += 1)}.0.0/24`;
  return world.make("POST", "subnets/", { form: { cidr, vlan: "5001" } });
}
const card = (system_id: string, form: Record<string, string> = {}): Promise<Interface> =>
  world.make("POST", `nodes/${system_id}/interfaces/`, {
    op: "create_physical",
    form: { mac_address: mac(), vlan: "5001", ...form },
  });

test("a flag that gomaasclient leaves empty is one that is not given", async () => {
  const header = "#!/bin/sh\n# --- Start MAAS 1.0 script metadata ---\n# name: empty-flags\n# may_reboot: true\n";
  const files = [{ field: "script", filename: "script", data: `${header}# --- End MAAS 1.0 script metadata ---\n` }];
  const empty = { destructive: "", may_reboot: "", recommission: "", apply_configured_networking: "" };
  type Script = { may_reboot: boolean; destructive: boolean };
  const made = await world.make<Script>("POST", "scripts/", { form: empty, files });
  assert.deepEqual([made.may_reboot, made.destructive], [true, false]);
  const change = { ...empty, destructive: "true" };
  assert.equal((await world.make<Script>("PUT", "scripts/empty-flags", { form: change })).destructive, true);
  assert.equal((await world.make<Script>("PUT", "scripts/empty-flags", { form: empty })).destructive, true);
  assert.equal((await world.ask("PUT", "scripts/empty-flags", { form: { destructive: "perhaps" } })).status, 400);
});

test("gomaasclient calls the parent of a VLAN interface parents", async () => {
  const system_id = await world.machine();
  const below = await card(system_id);
  const vlan = await world.make<{ id: number }>("POST", "fabrics/0/vlans/", { form: { vid: "30" } });
  const ask = (form: Record<string, string>) =>
    world.ask("POST", `nodes/${system_id}/interfaces/`, {
      op: "create_vlan",
      form: { vlan: String(vlan.id), ...form },
    });
  const made = (await ask({ parents: String(below.id) })).json<Interface>();
  assert.deepEqual([made.name, made.parents, made.vlan.id], [`${below.name}.30`, [below.name], vlan.id]);
  const none = await ask({});
  assert.deepEqual([none.status, none.json()], [400, { parent: ["This field is required."] }]);
});

test("Terraform's provider reads the parameters of an interface as an object, in netplan's words", async () => {
  const system_id = await world.machine();
  assert.deepEqual((await card(system_id)).params, {});
  assert.deepEqual((await card(system_id, { accept_ra: "true", mtu: "1400" })).params, {
    mtu: 1400,
    "accept-ra": true,
  });
});

test("an address that is given a name is set aside, so that Terraform's provider can release it after the name", async () => {
  const { cidr } = await subnet();
  const [here, there, leased] = [cidr.replace("0/24", "7"), "192.0.2.77", cidr.replace("0/24", "8")];
  await sql`insert into leases (subnet_id, address, mac, state, expires_at)
    select id, ${leased}, '02:00:5e:00:0a:01', 'leased', now() + interval '1 hour' from subnets
    where cidr = ${cidr}::cidr`.execute(world.db);
  const form = { fqdn: "www.maas", ip_addresses: `${here} ${there} ${leased}`, address_ttl: "0" };
  const { id } = await world.make<{ id: number }>("POST", "dnsresources/", { form });
  await world.make("PUT", `dnsresources/${id}/`, { form });
  const mine = async () =>
    (await world.make<{ ip: string; subnet: { cidr: string } | null }[]>("GET", "ipaddresses/")).map((one) => [
      one.ip,
      one.subnet?.cidr,
    ]);
  assert.deepEqual(await mine(), [
    [here, cidr],
    [there, undefined],
  ]);
  const release = (ip: string) => world.ask("POST", "ipaddresses/", { op: "release", form: { ip } });
  const system_id = await world.machine();
  const { name } = await card(system_id);
  const taken = await world.ask("POST", `nodes/${system_id}/interfaces/${name}/`, {
    op: "link_subnet",
    form: { mode: "static", subnet: cidr, ip_address: here },
  });
  assert.ok(taken.status >= 400 && taken.status < 500, "nothing else is given it");
  assert.equal((await world.ask("DELETE", `dnsresources/${id}/`)).status, 204);
  assert.deepEqual([(await release(here)).status, (await release(there)).status], [204, 204]);
  const again = await release(here);
  assert.equal(again.status, 404);
  assert.match(again.text, /does not exist/, "the provider goes on where it reads these words");
  assert.equal((await release(leased)).status, 404);
  assert.deepEqual(await mine(), []);
});

test("Juju finds every link again by its subnet, one that only brings the interface up too", async () => {
  const system_id = await world.machine();
  const { id } = await subnet();
  const { name, links } = await card(system_id);
  assert.deepEqual(
    links.map(({ mode }) => mode),
    ["link_up"],
  );
  const path = `nodes/${system_id}/interfaces/${name}/`;
  const link = (mode: string) =>
    world.ask("POST", path, { op: "link_subnet", form: { mode, subnet: String(id), default_gateway: "false" } });
  const up = (await link("LINK_UP")).json<Interface>();
  assert.deepEqual(
    up.links.map((one) => [one.mode, one.subnet?.id]),
    [["link_up", id]],
  );
  assert.equal((await link("DHCP")).status, 200);
  const refused = await link("LINK_UP");
  assert.deepEqual([refused.status, Object.keys(refused.json<object>())], [400, ["mode"]]);
});

test("Terraform's provider says first that a disk is smaller, and makes its partitions anew after", async () => {
  const system_id = await world.machine();
  type Disk = { id: number; name: string; size: number; available_size: number; partitions: { id: number }[] };
  await world.make("POST", `machines/${system_id}/`, {
    op: "set_storage_layout",
    form: { storage_layout: "flat" },
  });
  const disks = await world.make<Disk[]>("GET", `nodes/${system_id}/blockdevices/`);
  const [disk] = disks.filter(({ partitions }) => partitions.length > 0);
  const path = `nodes/${system_id}/blockdevices/${disk?.id}/`;
  const size = String(4 * 1024 ** 3);
  const smaller = await world.make<Disk>("PUT", path, { form: { size } });
  assert.deepEqual([String(smaller.size), smaller.available_size], [size, 0]);
  assert.equal((await world.ask("POST", `${path}partitions/`, { form: { size: String(1024 ** 3) } })).status, 400);
  for (const { id } of disk?.partitions ?? [])
    assert.equal(
      (await world.ask("DELETE", `nodes/${system_id}/blockdevices/${disk?.id}/partition/${id}`)).status,
      204,
    );
  const whole = await world.ask("POST", `${path}partitions/`, { form: { size: String(5 * 1024 ** 3) } });
  assert.equal(whole.status, 400, "what is more than the disk is refused as ever");
  await world.make("POST", `${path}partitions/`, { form: { size: String(3 * 1024 ** 3), bootable: "true" } });
});

test("Terraform's provider formats what is mounted, and mounts it anew", async () => {
  const system_id = await world.machine();
  const form = { name: "sdx", model: "M", serial: "SX", size: String(20 * 1024 ** 3), block_size: "512" };
  const { id } = await world.make<{ id: number }>("POST", `nodes/${system_id}/blockdevices/`, { form });
  const ask = (op: string, fields: Record<string, string>) =>
    world.make<{ filesystem: { fstype: string; mount_point: string | null } }>(
      "POST",
      `nodes/${system_id}/blockdevices/${id}/`,
      { op, form: fields },
    );
  await ask("format", { fstype: "ext4" });
  await ask("mount", { mount_point: "/srv" });
  const { filesystem } = await ask("format", { fstype: "xfs" });
  assert.deepEqual([filesystem.fstype, filesystem.mount_point], ["xfs", null]);
  assert.equal((await ask("mount", { mount_point: "/srv", mount_options: "" })).filesystem.mount_point, "/srv");
});

test("Terraform's provider finds a script again as it is written", async () => {
  const lines = [
    "#!/bin/sh",
    "# --- Start MAAS 1.0 script metadata ---",
    "# name: as-written",
    "# packages: { snap: [maas, { name: lxd, channel: latest/edge }] }",
    "# results: { blocks: { title: Bad blocks }, other: { description: More } }",
    "# parameters: { storage: { type: storage, required: false }, text: { type: string } }",
    "# --- End MAAS 1.0 script metadata ---",
  ];
  const files = [{ field: "script", filename: "script", data: `${lines.join("\n")}\n` }];
  const made = await world.make<Record<string, unknown>>("POST", "scripts/", { files });
  assert.deepEqual(made["packages"], { snap: ["maas", { name: "lxd", channel: "latest/edge" }] });
  assert.deepEqual(made["results"], { blocks: { title: "Bad blocks" }, other: { description: "More" } });
  assert.deepEqual(made["parameters"], { storage: { type: "storage", required: false }, text: { type: "string" } });
});

test("a package repository of which nothing is said has MAAS's architectures, and source packages", async () => {
  const form = { name: "said-nothing", url: "http://archive.example.org/debian" };
  const made = await world.make<Record<string, unknown>>("POST", "package-repositories/", { form });
  assert.deepEqual([made["disable_sources"], made["arches"], made["enabled"]], [false, ["amd64", "i386"], true]);
});

test("the push gateway of Prometheus may be a URL, as Terraform's provider documents it", async () => {
  const set = (value: string) =>
    world.ask("POST", "maas/", { op: "set_config", form: { name: "prometheus_push_gateway", value } });
  const value = "http://prometheus.example.com:9090";
  assert.equal((await set(value)).status, 200);
  const query = { name: "prometheus_push_gateway" };
  assert.equal(await world.make("GET", "maas/", { op: "get_config", query }), value);
  assert.equal((await set("ftp://x")).status, 400);
});

test("gomaasapi finds resource pools where it looks for them", async () => {
  assert.deepEqual(await world.make("GET", "pools/"), await world.make("GET", "resourcepools/"));
});

test("nothing was a defect", () => assert.deepEqual(world.api.defects, []));
