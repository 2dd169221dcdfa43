import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { sql } from "kysely";
import { randomSystemId } from "../machines/credentials.ts";
import type { Asked, World } from "./testing/example.ts";
import { testWorld } from "./testing/world.ts";

let world: Awaited<ReturnType<typeof testWorld>>;
before(async () => (world = await testWorld()));
after(() => world.close());

type Machine = { system_id: string; hostname: string; status_name: string; constraints_by_type: unknown } & Record<
  string,
  unknown
>;
type Values = Parameters<World["machine"]>[0];

/** A machine with an inventory of its own size, whose columns follow from it. */
async function machine(values: Values & { cpus?: number; gibibytes?: number } = {}): Promise<string> {
  const { cpus = 2, gibibytes = 2, ...rest } = values;
  return world.machine({ stated_cpu_count: cpus, stated_memory: gibibytes * 2 ** 30, ...rest });
}

const allocate = (form: Asked["form"], as: Asked["as"] = "admin") =>
  world.ask("POST", "machines/", { op: "allocate", form: form ?? {}, as });
const list = async (query: Asked["query"], as: Asked["as"] = "admin"): Promise<string[]> => {
  const answer = await world.ask("GET", "machines/", { query: query ?? {}, as });
  assert.equal(answer.status, 200, answer.text);
  return answer.json<Machine[]>().map(({ system_id }) => system_id);
};

test("allocation takes the cheapest machine, and what it is asked for", async () => {
  const zone = world.fresh("zone");
  await world.make("POST", "zones/", { form: { name: zone } });
  const { id: zone_id } = await world.db
    .selectFrom("zones")
    .select("id")
    .where("name", "=", zone)
    .executeTakeFirstOrThrow();
  const large = await machine({ cpus: 8, gibibytes: 4, zone_id });
  const small = await machine({ cpus: 2, gibibytes: 8, zone_id });
  const dry = await allocate({ zone, dry_run: "true" });
  assert.equal(dry.status, 200, dry.text);
  assert.equal(dry.json<Machine>().system_id, small, "2 + 8 is less than 8 + 4");
  assert.equal(dry.json<Machine>().status_name, "Ready");
  const first = await allocate({ zone, agent_name: "juju", comment: "mine" });
  assert.equal(first.json<Machine>().system_id, small);
  assert.equal(first.json<Machine>().status_name, "Allocated");
  assert.deepEqual(first.json<Machine>().constraints_by_type, {});
  assert.deepEqual(await list({ agent_name: "juju" }), [small]);
  const wide = await allocate({ zone, cpu_count: ["16", "6"], mem: "4096" });
  assert.equal(wide.json<Machine>().system_id, large, "the smallest number given counts");
  const none = await allocate({ zone });
  assert.equal(none.status, 409);
  assert.equal(
    none.text,
    `No available machine matches constraints: [('zone', ['${zone}'])] (resolved to "zone=${zone}")`,
  );
  assert.equal(none.headers["retry-after"], undefined, "Juju would ask again and again");
});

test("what an allocation cannot be asked for is told by the name of the constraint", async () => {
  const refusals: [string, string][] = [
    ["zone", "nowhere"],
    ["not_in_zone", "nowhere"],
    ["pool", "nowhere"],
    ["tags", "nothing"],
    ["owner", "nobody"],
    ["arch", "sparc"],
    ["mem", "much"],
    ["power_state", "glowing"],
    ["deployment_target", "tape"],
    ["subnets", "no-such-subnet"],
    ["storage", "big"],
    ["interfaces", "eth0"],
    ["devices", "colour=red"],
    ["pod", "x"],
  ];
  for (const [name, value] of refusals) {
    const answer = await allocate({ [name]: value });
    assert.equal(answer.status, 400, `${name}=${value}: ${answer.text}`);
    assert.deepEqual(Object.keys(answer.json<object>()), [name], answer.text);
  }
  assert.deepEqual((await allocate({ pod: "x" })).json(), { pod: ["No such constraint."] });
  assert.equal((await allocate({ system_id: "zzzzzz" })).text, "No machine with system ID zzzzzz available.");
});

test("labels of storage and interfaces are found on the machine", async () => {
  const id = await machine({ inventory: null });
  const { id: subnet } = await world.db
    .insertInto("subnets")
    .values({ cidr: "10.77.0.0/24", name: "seven", vlan_id: 5001 })
    .returning("id")
    .executeTakeFirstOrThrow();
  const { id: card } = await world.db
    .selectFrom("interfaces")
    .select("id")
    .where("machine_id", "=", id)
    .executeTakeFirstOrThrow();
  await world.db
    .updateTable("interfaces")
    .set({ vlan_id: 5001, tags: ["fast"] })
    .where("id", "=", card)
    .execute();
  await world.db
    .insertInto("interface_links")
    .values({ interface_id: card, mode: "auto", subnet_id: subnet })
    .execute();
  const disk = (name: string, size: number, tags: string[]) =>
    world
      .make<{ id: number }>("POST", `nodes/${id}/blockdevices/`, {
        form: { name, model: "M", serial: name, size: String(size * 1e9), block_size: "512" },
      })
      .then(async (made) => {
        await world.db.updateTable("block_devices").set({ tags }).where("id", "=", made.id).execute();
        return made.id;
      });
  const root = await disk("sda", 100, ["ssd"]);
  const spare = await disk("sdb", 400, ["hdd"]);
  await world.make("POST", `machines/${id}/`, { op: "set_storage_layout", form: { storage_layout: "flat" } });
  const wanted = {
    system_id: id,
    storage: "root:50(ssd),data:300(hdd)",
    interfaces: "eth0:subnet_cidr=10.77.0.0/24,tag=fast;eth1:vlan=untagged,not_name=eth7",
    verbose: "true",
    dry_run: "true",
  };
  const answer = await allocate(wanted);
  assert.equal(answer.status, 200, answer.text);
  const storage = { root: [root], data: [spare] };
  const interfaces = { eth0: [card], eth1: [card] };
  assert.deepEqual(answer.json<Machine>().constraints_by_type, {
    storage,
    interfaces,
    verbose_storage: { [id]: storage },
    verbose_interfaces: { [id]: interfaces },
  });
  for (const [name, value] of [
    ["storage", "root:50(hdd)"],
    ["storage", "0,a:300(hdd),b:300(hdd)"],
    ["interfaces", "eth0:tag=slow"],
    ["interfaces", "eth0:subnet=seven,mode=unconfigured"],
    ["interfaces", "eth0:space=undefined,not_subnet=seven"],
    ["not_subnets", "seven"],
    ["not_fabrics", "fabric-0"],
    ["fabric_classes", "10g"],
    ["link_speed", "1"],
  ] as const)
    assert.equal((await allocate({ system_id: id, [name]: value })).status, 409, `${name}=${value}`);
  for (const [name, value] of [
    ["interfaces", "a:id=" + card],
    ["interfaces", "a:fabric=fabric-0,space=undefined,type=physical"],
    ["subnets", "cidr:10.77.0.0/24"],
    ["fabrics", "fabric-0"],
    ["vlans", "vid:untagged"],
    ["storage", "0(ssd)"],
  ] as const) {
    const found = await allocate({ system_id: id, [name]: value, dry_run: "true" });
    assert.equal(found.status, 200, `${name}=${value}: ${found.text}`);
  }
  assert.deepEqual(await list({ system_id: id, storage: wanted.storage, interfaces: wanted.interfaces }), [id]);
  assert.deepEqual(await list({ system_id: id, storage: "0,a:300(hdd),b:300(hdd)" }), []);
});

test("bridges of an allocation are there until the machine is released", async () => {
  const id = await machine({ power_driver: "manual" });
  const card = sql<boolean>`machine_id = ${id}`;
  const { id: interface_id } = await world.db
    .selectFrom("interfaces")
    .select("id")
    .where(card)
    .executeTakeFirstOrThrow();
  await world.db.insertInto("interface_links").values({ interface_id, mode: "dhcp" }).execute();
  const names = async () =>
    (await world.make<{ interface_set: { name: string }[] }>("GET", `machines/${id}/`)).interface_set.map(
      ({ name }) => name,
    );
  await world.make("POST", "machines/", {
    op: "allocate",
    form: { system_id: id, bridge_all: "true", bridge_fd: "4" },
  });
  assert.deepEqual(await names(), ["eth0", "br-eth0"]);
  await world.make("POST", `machines/${id}/`, { op: "release" });
  assert.deepEqual(await names(), ["eth0"]);
});

test("a list is narrowed by every parameter, negations too", async () => {
  const pool = await world.make<{ id: number }>("POST", "resourcepools/", { form: { name: world.fresh("pool") } });
  const [a, b] = [
    await machine({ pool_id: pool.id, status: "deployed", owner_id: world.people.user.id, cpus: 4 }),
    await machine({ pool_id: pool.id, status: "failed testing", owner_id: world.people.admin.id, power_state: "on" }),
  ];
  const { name } = await world.make<{ name: string }>("GET", `resourcepool/${pool.id}/`);
  const tag = world.fresh("tag");
  await world.make("POST", "tags/", { form: { name: tag } });
  await world.make("POST", `tags/${tag}/`, { op: "update_nodes", form: { add: a } });
  const mac = (await world.make<{ boot_interface: { mac_address: string } }>("GET", `machines/${b}/`)).boot_interface;
  const cases: [Record<string, string | string[]>, string[]][] = [
    [{}, [a, b]],
    [{ id: [a] }, [a]],
    [{ not_id: a }, [b]],
    [{ hostname: `host-${b}` }, [b]],
    [{ not_hostname: `host-${b}` }, [a]],
    [{ mac_address: mac.mac_address.toUpperCase() }, [b]],
    [{ status: "deployed" }, [a]],
    [{ not_status: "deployed" }, [b]],
    [{ simple_status: "failed" }, [b]],
    [{ simple_status: ["failed", "deployed"] }, [a, b]],
    [{ not_simple_status: "failed" }, [a]],
    [{ owner: "ben" }, [a]],
    [{ not_owner: "ben" }, [b]],
    [{ power_state: "=on" }, [b]],
    [{ not_power_state: "on" }, [a]],
    [{ tags: tag }, [a]],
    [{ not_tags: `${tag},unheard-of` }, [b]],
    [{ cpu_count: "3" }, [a]],
    [{ arch: "amd64/generic" }, [a, b]],
    [{ not_arch: "amd64" }, []],
    [{ domain: "maas" }, [a, b]],
    [{ not_domain: "maas" }, []],
    [{ deployment_target: "memory" }, []],
    [{ not_in_zone: "default" }, []],
    [{ agent_name: "x" }, []],
    [{ not_agent_name: "x" }, [a, b]],
    [{ devices: "vendor_id=8086" }, []],
    [{ comment: "ignored", dry_run: "true" }, [a, b]],
  ];
  for (const [query, expected] of cases)
    assert.deepEqual((await list({ pool: name, ...query })).toSorted(), expected.toSorted(), JSON.stringify(query));
  const refused = await world.ask("GET", "machines/", { query: { status: "happy", colour: "red" } });
  assert.deepEqual(refused.json(), { colour: ["No such constraint."] });
  assert.equal((await world.ask("GET", "machines/", { query: { status: "happy" } })).status, 400);
  assert.equal((await world.ask("GET", "machines/", { query: { mac_address: "zz" } })).status, 400);
});

test("a list of several pages is whole, in the order of creation", async () => {
  const hostname = world.fresh("many");
  const created = new Date("2030-01-01T00:00:00Z");
  const ids = Array.from({ length: 450 }, () => randomSystemId());
  await world.db
    .insertInto("machines")
    .values(
      ids.map((id, index) => ({
        id,
        hostname: `${hostname}-${index}`,
        status: "new" as const,
        agent_name: hostname,
        // Some at the same moment.
        created_at: new Date(created.getTime() + Math.floor(index / 3)),
      })),
    )
    .execute();
  const found = await list({ agent_name: hostname });
  assert.equal(found.length, 450);
  assert.deepEqual(new Set(found), new Set(ids));
  assert.deepEqual(found.slice(0, 3).toSorted(), ids.slice(0, 3).toSorted());
  await world.db.deleteFrom("machines").where("agent_name", "=", hostname).execute();
});

test("others' machines are not there in lists and forbidden by id", async () => {
  const id = await machine({ status: "allocated", owner_id: world.people.user.id });
  assert.deepEqual(await list({ id }, "user"), [id]);
  assert.deepEqual(await list({ id }, "other"), []);
  const read = (as: Asked["as"]) => world.ask("GET", `machines/${id}/`, { as });
  assert.equal((await read("user")).status, 200);
  assert.equal((await read("other")).status, 403);
  assert.equal((await world.ask("GET", "machines/zzzzzz/")).text, "No Machine matches the given query.");
  const release = await world.ask("POST", "machines/", { op: "release", form: { machines: id }, as: "other" });
  assert.ok([400, 403].includes(release.status), release.text);
  assert.equal(
    (await world.ask("POST", `machines/${id}/`, { op: "lock", as: "user" })).status,
    409,
    "only when deployed",
  );
  await world.db.updateTable("machines").set({ locked: true }).where("id", "=", id).execute();
  assert.equal((await world.ask("POST", `machines/${id}/`, { op: "release", as: "user" })).status, 403);
});

test("words of the owner are written, taken away, and gone with the release", async () => {
  const id = await machine({ status: "allocated", owner_id: world.people.user.id, power_driver: "manual" });
  const write = (form: Record<string, string>, as: Asked["as"] = "user") =>
    world.ask("POST", `machines/${id}/`, { op: "set_owner_data", form, as });
  assert.deepEqual((await write({ a: "1", b: "2" })).json<Machine>()["owner_data"], { a: "1", b: "2" });
  assert.deepEqual((await write({ a: "" })).json<Machine>()["workload_annotations"], { b: "2" });
  assert.equal((await write({ c: "3" }, "admin")).status, 409, "an administrator is not its owner");
  const released = await world.ask("POST", `machines/${id}/`, { op: "release", as: "user" });
  assert.equal(released.json<Machine>().status_name, "Ready", released.text);
  assert.deepEqual(released.json<Machine>()["owner_data"], {});
  assert.equal((await world.ask("POST", `machines/${id}/`, { op: "release" })).status, 200, "free already");
});

test("machines are made: by administrators commissioning, by strangers with nothing but names", async () => {
  const form = (mac: string) => ({ architecture: "amd64", mac_addresses: mac, hostname: world.fresh("host") });
  const made = await world.ask("POST", "machines/", {
    form: {
      ...form("52:54:00:bb:00:01"),
      power_type: "ipmi",
      power_parameters: JSON.stringify({ power_address: "192.0.2.1", power_user: "u", power_pass: "hush" }),
    },
  });
  assert.equal(made.status, 200, made.text);
  assert.equal(made.json<Machine>().status_name, "Commissioning");
  assert.ok(!made.text.includes("hush"));
  const { system_id } = made.json<Machine>();
  const power = await world.make<Record<string, string>>("GET", `machines/${system_id}/`, { op: "power_parameters" });
  assert.equal(power["power_pass"], "hush");

  const stranger = await world.ask("POST", "machines/", {
    form: { ...form("52:54:00:bb:00:02"), power_type: "ipmi", power_parameters_power_address: "192.0.2.66" },
    as: "nobody",
  });
  assert.equal(stranger.status, 200, stranger.text);
  const told = stranger.json<Machine>();
  assert.deepEqual([told.status_name, told["power_type"], "interface_set" in told], ["New", "", false]);
  const again = await world.ask("POST", "machines/", { form: form("52:54:00:bb:00:02"), as: "nobody" });
  assert.equal(again.json<Machine>().system_id, told.system_id, "it is not doubled");
  const adopted = await world.ask("POST", "machines/", { form: { ...form("52:54:00:bb:00:02"), commission: "false" } });
  assert.equal(adopted.json<Machine>().system_id, told.system_id);
  const known = await world.ask("POST", "machines/", { form: form("52:54:00:bb:00:03"), as: "user" });
  assert.equal(known.json<Machine>().status_name, "New", "an ordinary user commissions nothing");

  const deployed = await world.ask("POST", "machines/", { form: { hostname: world.fresh("host"), deployed: "true" } });
  assert.equal(deployed.json<Machine>().status_name, "Deployed", deployed.text);
  assert.equal(deployed.json<Machine>()["owner"], "ada");
  for (const [name, value] of [
    ["power_type", "redfish"],
    ["architecture", "mips"],
    ["hostname", "_"],
    ["zone", "nowhere"],
    ["min_hwe_kernel", "linux"],
    ["mac_addresses", "zz"],
  ] as const) {
    const wrong = await world.ask("POST", "machines/", { form: { ...form("52:54:00:bb:00:04"), [name]: value } });
    assert.equal(wrong.status, 400, `${name}: ${wrong.text}`);
    assert.deepEqual(Object.keys(wrong.json<object>()), [name]);
  }
});

test("strangers who tell of machines without end are stopped, and administrators are not", async () => {
  await sql`insert into machines (id, hostname, status, architecture)
    select 'u' || lpad(n::text, 5, '0'), 'unseen-' || n, 'new', 'amd64' from generate_series(1, 5000) as n`.execute(
    world.db,
  );
  const form = { architecture: "amd64", mac_addresses: "52:54:00:bb:00:05", commission: "false" };
  const refused = await world.ask("POST", "machines/", { form, as: "nobody" });
  assert.deepEqual([refused.status, /no more are taken from strangers/.test(refused.text)], [429, true], refused.text);
  assert.equal((await world.ask("POST", "machines/", { form })).status, 200);
  await sql`delete from machines where hostname like 'unseen-%'`.execute(world.db);
  const taken = await world.ask("POST", "machines/", {
    form: { ...form, mac_addresses: "52:54:00:bb:00:06" },
    as: "nobody",
  });
  assert.equal(taken.status, 200, taken.text);
});

test("what a machine's state does not allow is told as clients expect it", async () => {
  const fresh = await machine({ status: "deployed", owner_id: world.people.admin.id });
  const commission = await world.ask("POST", `machines/${fresh}/`, { op: "commission" });
  assert.equal(commission.status, 400);
  assert.deepEqual(Object.keys(commission.json<object>()), ["__all__"]);
  for (const op of ["abort", "mark_fixed", "override_failed_testing", "exit_rescue_mode", "unlock"])
    assert.equal((await world.ask("POST", `machines/${fresh}/`, { op })).status, 409, op);
  const free = await machine();
  assert.equal((await world.ask("POST", `machines/${free}/`, { op: "power_on" })).status, 409);
  const kvm = await world.ask("POST", `machines/${free}/`, { op: "deploy", form: { install_kvm: "true" } });
  assert.equal(kvm.status, 400);
  const series = await world.ask("POST", `machines/${free}/`, { op: "deploy", form: { distro_series: "win95" } });
  assert.deepEqual(Object.keys(series.json<object>()), ["distro_series"]);
  const accepted = await world.ask("POST", "machines/", { op: "accept", form: { machines: fresh } });
  assert.equal(accepted.status, 409);
  const released = await world.ask("POST", "machines/", { op: "release", form: { machines: [free, "zzzzzz"] } });
  assert.equal(released.status, 400);
  const nothing = await world.ask("POST", "machines/", { op: "clone", form: { source: free, destinations: "zzzzzz" } });
  assert.deepEqual(Object.keys(nothing.json<object>()), ["__all__"]);
  const clone = await world.ask("POST", "machines/", {
    op: "clone",
    form: { source: free, destinations: ["zzzzzz", fresh], storage: "true" },
  });
  assert.equal(clone.status, 400);
});

test("a clone has the network and the disks of its source", async () => {
  const [from, to] = [await machine({ firmware: "uefi" }), await machine({ firmware: "uefi" })];
  for (const id of [from, to])
    await world.make("POST", `nodes/${id}/blockdevices/`, {
      form: { name: "sda", model: "M", serial: id, size: String(100e9), block_size: "512" },
    });
  await world.make("POST", `machines/${from}/`, { op: "set_storage_layout", form: { storage_layout: "lvm" } });
  const [card] = await world.make<{ id: number }[]>("GET", `nodes/${from}/interfaces/`);
  const form = { vlan: "5001", name: "br0", parent: String(card?.id) };
  await world.make("POST", `nodes/${from}/interfaces/`, { op: "create_bridge", form });
  const answer = await world.ask("POST", "machines/", {
    op: "clone",
    form: { source: from, destinations: to, interfaces: "true", storage: "true" },
  });
  assert.equal(answer.status, 204, answer.text);
  type Shown = {
    interface_set: { name: string; parents: string[]; type: string }[];
    blockdevice_set: { name: string; used_for: string; partitions: { used_for: string }[]; serial: string | null }[];
  };
  const look = async (id: string) => {
    const { interface_set, blockdevice_set } = await world.make<Shown>("GET", `machines/${id}/`);
    return {
      interfaces: interface_set.map(({ name, parents, type }) => ({ name, parents, type })),
      disks: blockdevice_set.map(({ name, used_for, partitions }) => [
        name,
        used_for,
        partitions.map((p) => p.used_for),
      ]),
    };
  };
  assert.deepEqual(await look(to), await look(from));
  assert.equal((await look(to)).interfaces.length, 2);
});

test("nodes are machines, devices and controllers, each as what it is", async () => {
  const hostname = world.fresh("node");
  const device = await world.make<{ system_id: string }>("POST", "devices/", {
    form: { hostname, mac_addresses: "52:54:00:cc:00:01" },
  });
  const { system_id: rack } = await world.db
    .insertInto("racks")
    .values({ name: `${hostname}-rack`, secret: Buffer.alloc(32) })
    .returning("system_id")
    .executeTakeFirstOrThrow();
  const all = await world.make<{ system_id: string; node_type: number }[]>("GET", "nodes/");
  const typeOf = (id: string) => all.find(({ system_id }) => system_id === id)?.node_type;
  assert.deepEqual([typeOf(device.system_id), typeOf(world.machineId), typeOf(rack)], [1, 0, 2]);
  for (const id of [device.system_id, world.machineId, rack])
    assert.equal((await world.make<{ system_id: string }>("GET", `nodes/${id}/`)).system_id, id);
  const named = await world.make<{ system_id: string }[]>("GET", "nodes/", { query: { hostname: `${hostname}-rack` } });
  assert.deepEqual(
    named.map(({ system_id }) => system_id),
    [rack],
  );
  assert.equal((await world.ask("GET", "nodes/zzzzzz/")).text, "No Node matches the given query.");
});

test("/api/v1 allocates by the same constraints", async () => {
  const vendor_id = "10de";
  const id = await machine();
  await world.db
    .insertInto("node_devices")
    .values({
      machine_id: id,
      bus: "pcie",
      address: "0000:01:00.0",
      hardware_type: "gpu",
      vendor_id,
      product_id: "20b0",
      numa_node: 0,
    })
    .execute();
  const ask = (payload: object) =>
    world.app.inject({
      method: "POST",
      url: "/api/v1/machines/allocate",
      headers: { authorization: `Bearer ${world.people.user.key}` },
      payload,
    });
  assert.equal((await ask({ devices: `vendor_id=${vendor_id}`, vlans: "vid:4000" })).statusCode, 409);
  assert.equal((await ask({ interfaces: "a" })).statusCode, 400);
  assert.equal((await ask({ storage: "a" })).statusCode, 400);
  assert.equal((await ask({ subnets: ["nowhere"] })).statusCode, 400);
  const found = await ask({
    devices: `vendor_id=${vendor_id},product_id=20B0`,
    not_vlans: "vid:4000",
    agent_name: "ci",
  });
  assert.equal(found.statusCode, 200, found.body);
  assert.equal(found.json<{ id: string }>().id, id);
  assert.deepEqual(await list({ agent_name: "ci" }), [id]);
});
