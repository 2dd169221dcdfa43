import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Event, MachineStatus, MachineStorage } from "@rackwright/contract";
import { json } from "../database/pool.ts";
import { registerDebian } from "../images/testing.ts";
import { listEvents, readSettled } from "../events/read.ts";
import { testInventory, testMachine } from "../machines/testing.ts";
import { testScript } from "../scripts/testing.ts";
import { localActor } from "../users/users.ts";
import { beginSession } from "../users/sessions.ts";
import { keyServer } from "../maas2/testing/key-server.ts";
import { sshKey } from "../maas2/testing/ssh-key.ts";
import { type TestApi, testApi } from "./testing.ts";

/** A request that succeeds: what its path is filled with, its body, and who it is that the audit must name. */
type Example = {
  path?: Record<string, string | number>;
  body?: object;
  headers?: Record<string, string>;
  actor?: string;
};

let api: TestApi;
let keys: Awaited<ReturnType<typeof keyServer>>;
let local = true;
let count = 0;
const fresh = (prefix: string): string => `${prefix}-${(count += 1)}`;
const secret = "hush-hush-secret";

before(async () => {
  keys = await keyServer([sshKey()]);
  api = await testApi({ local: () => local, keySources: { lp: keys.url, gh: keys.url } });
  await registerDebian(api.database.db);
});
after(async () => {
  await api.close();
  await keys.close();
});

async function call<T>(method: "POST" | "PUT" | "PATCH" | "DELETE", url: string, example: Example = {}): Promise<T> {
  const { body, headers = {} } = example;
  const type = body === undefined ? {} : { "content-type": "application/json" };
  const payload = body === undefined ? {} : { payload: JSON.stringify(body) };
  const answer = await api.app.inject({ method, url: `/api/v1${url}`, headers: { ...type, ...headers }, ...payload });
  assert.ok(answer.statusCode < 300, `${method} ${url}: ${answer.statusCode} ${answer.body}`);
  return (answer.body === "" ? null : answer.json()) as T;
}

async function machine(status: MachineStatus, values: Parameters<typeof testMachine>[1] = {}): Promise<string> {
  const { id, mac } = await testMachine(api.database.db, {
    status,
    owner_id: status === "ready" ? null : 1,
    ...values,
  });
  await api.database.db
    .updateTable("machines")
    .set({ inventory: json(testInventory(mac)) })
    .where("id", "=", id)
    .execute();
  return id;
}
const onMachine =
  (status: MachineStatus, values: Parameters<typeof testMachine>[1] = {}, body?: object) =>
  async (): Promise<Example> => ({
    path: { id: await machine(status, values) },
    ...(body && { body }),
  });

const password = "correct horse battery 1";
async function user(): Promise<string> {
  const username = fresh("anna");
  await call("POST", "/users", { body: { username, password } });
  return username;
}
async function session(): Promise<Example> {
  const username = await user();
  const answer = await api.app.inject({ method: "POST", url: "/api/v1/sessions", payload: { username, password } });
  const cookie = String(answer.headers["set-cookie"]).split(";")[0] ?? "";
  const { csrf_token } = answer.json<{ csrf_token: string }>();
  return { headers: { cookie, "x-csrf-token": csrf_token }, actor: username };
}
async function sessionOf(username: string | undefined): Promise<number> {
  const row = await api.database.db
    .selectFrom("sessions")
    .innerJoin("users", "users.id", "sessions.user_id")
    .select("sessions.id")
    .where("username", "=", username ?? "")
    .executeTakeFirstOrThrow();
  return row.id;
}
async function group(): Promise<string> {
  const name = fresh("group");
  await call("POST", "/groups", { body: { name } });
  return name;
}
const oidc = () => ({
  name: fresh("oidc"),
  issuer: "https://login.example.org",
  client_id: "rackwright",
  client_secret: secret,
});
const ldap = () => ({
  name: fresh("ldap"),
  url: "ldaps://ldap.example.org",
  user_base: "dc=example,dc=org",
  bind_dn: "cn=reader,dc=example,dc=org",
  bind_password: secret,
});
async function provider(kind: "oidc" | "ldap"): Promise<string> {
  const body = kind === "oidc" ? oidc() : ldap();
  await call("POST", kind === "oidc" ? "/oidc-providers" : "/ldap-servers", { body });
  return body.name;
}
async function subnet(): Promise<number> {
  const cidr = `10.${(count += 1)}.0.0/24`;
  return (await call<{ id: number }>("POST", "/subnets", { body: { cidr } })).id;
}
/** Makes one by what creates it, so that it can be changed and deleted. */
const networkNoun = (
  path: string,
  wanted: () => Promise<object>,
  change: object,
): Record<string, () => Promise<Example>> => {
  const made = async () => ({ path: { id: (await call<{ id: number }>("POST", path, { body: await wanted() })).id } });
  return {
    [`POST ${path}`]: async () => ({ body: await wanted() }),
    [`PATCH ${path}/{id}`]: async () => ({ ...(await made()), body: change }),
    [`DELETE ${path}/{id}`]: made,
  };
};
async function subnetAt(host: number): Promise<{ subnet_id: number; address: string }> {
  const subnet_id = await subnet();
  return { subnet_id, address: `10.${count}.0.${host}` };
}
const networkExamples = {
  ...networkNoun("/fabrics", async () => ({ name: fresh("fab") }), { class_type: "10g" }),
  ...networkNoun("/spaces", async () => ({ name: fresh("hall") }), { description: "outside" }),
  ...networkNoun("/vlans", async () => ({ fabric_id: 0, vid: (count += 1) }), { mtu: 9000 }),
  ...networkNoun(
    "/ip-ranges",
    async () => {
      const { subnet_id, address } = await subnetAt(9);
      return { subnet_id, type: "reserved", first: address, last: address };
    },
    { comment: "printers" },
  ),
  ...networkNoun(
    "/static-routes",
    async () => {
      const { subnet_id: destination_id } = await subnetAt(1);
      const { subnet_id: source_id, address: gateway } = await subnetAt(1);
      return { source_id, destination_id, gateway };
    },
    { metric: 7 },
  ),
  ...networkNoun("/reserved-ips", async () => ({ ...(await subnetAt(5)), mac: "52:54:00:aa:bb:cc" }), {
    comment: "tv",
  }),
  ...networkNoun("/ip-addresses", () => subnetAt(7), { hostname: "switch" }),
};
async function webhook(): Promise<number> {
  const body = { url: "https://example.org/hook", secret: `${secret} of sixteen` };
  return (await call<{ id: number }>("POST", "/webhooks", { body })).id;
}
async function place(kind: "zones" | "pools" | "tags"): Promise<string> {
  const name = fresh(kind.slice(0, -1));
  await call("POST", `/${kind}`, { body: { name } });
  return name;
}
async function script(): Promise<string> {
  const name = fresh("script");
  await call("POST", "/scripts", {
    body: { text: testScript(`name: ${name}\nscript_type: testing\nhardware_type: node`) },
  });
  return name;
}
/** A machine that was asked to run a test of ours. */
async function tested(): Promise<string> {
  const id = await machine("ready");
  await call("POST", `/machines/${id}/test`, { body: { testing_scripts: [await script()] } });
  return id;
}
async function result(suppressed: boolean): Promise<Example> {
  const { id } = await api.database.db
    .updateTable("script_results")
    .set({ status: "failed", suppressed })
    .where("machine_id", "=", await tested())
    .returning("id")
    .executeTakeFirstOrThrow();
  return { path: { id } };
}

/** One example of every route that changes something, by method and path. Each makes what it needs. */
const examples: Record<string, () => Promise<Example>> = {
  "POST /images/sync": async () => ({ body: {} }),
  "POST /machines": async () => ({
    body: {
      macs: ["52:54:00:77:00:01"],
      power_driver: "ipmi",
      power_parameters: { power_address: "192.0.2.9", power_user: "u", power_pass: secret },
    },
  }),
  "PATCH /machines/{id}": async () => ({
    path: { id: await machine("ready") },
    body: {
      hostname: fresh("renamed"),
      power_parameters: { power_address: "192.0.2.8", power_user: "u", power_pass: secret },
    },
  }),
  "DELETE /machines/{id}": onMachine("ready"),
  "POST /machines/{id}/abort": onMachine("commissioning"),
  "POST /machines/{id}/accept": onMachine("new"),
  "POST /machines/{id}/commission": onMachine("ready"),
  "POST /machines/{id}/deploy": onMachine("ready", {}, { user_data: `#cloud-config\n# ${secret}\n` }),
  "POST /machines/{id}/exit_rescue_mode": onMachine("rescue mode"),
  "POST /machines/{id}/lock": onMachine("deployed"),
  "POST /machines/{id}/unlock": onMachine("deployed", { locked: true }),
  "POST /machines/{id}/mark_broken": onMachine("ready"),
  "POST /machines/{id}/mark_fixed": onMachine("broken"),
  "POST /machines/{id}/override_failed_testing": onMachine("failed testing"),
  "POST /machines/{id}/power/{action}": async () => ({ path: { id: await machine("ready"), action: "on" } }),
  "POST /machines/{id}/release": onMachine("deployed"),
  "POST /machines/{id}/rescue_mode": onMachine("broken"),
  "POST /machines/{id}/test": async () => ({
    path: { id: await machine("ready") },
    body: { testing_scripts: [await script()] },
  }),
  "POST /machines/allocate": async () => ({ body: { id: await machine("ready") } }),
  "POST /machines/take-over": async () => ({
    body: {
      hostname: fresh("moved"),
      interfaces: [{ name: "eno1", mac: `52:54:00:78:00:${(10 + (count % 89)).toString().padStart(2, "0")}` }],
      status: "ready",
      power_driver: "ipmi",
      power_parameters: { power_address: "192.0.2.9", power_user: "u", power_pass: secret },
    },
  }),
  "POST /machines/bulk": async () => ({ body: { machines: [await machine("ready")], action: "mark_broken" } }),
  "POST /machines/clone": async () => ({
    body: { source: await machine("ready"), destinations: [await machine("ready")], place: true },
  }),
  "POST /results/{id}/suppress": () => result(false),
  "POST /results/{id}/unsuppress": () => result(true),
  "POST /scripts": async () => ({
    body: { text: testScript(`name: ${fresh("made")}\nscript_type: testing\nhardware_type: node`) },
  }),
  "PATCH /scripts/{name}": async () => ({ path: { name: await script() }, body: { title: "Other" } }),
  "DELETE /scripts/{name}": async () => ({ path: { name: await script() } }),
  "POST /scripts/{name}/copy": async () => ({ path: { name: await script() }, body: { name: fresh("copy") } }),
  "PUT /scripts/{name}/text": async () => {
    const name = await script();
    return {
      path: { name },
      body: { text: testScript(`name: ${name}\nscript_type: testing\nhardware_type: node`, "echo more") },
    };
  },
  "POST /scripts/{name}/revert": async () => {
    const name = await script();
    await call("PUT", `/scripts/${name}/text`, {
      body: { text: testScript(`name: ${name}\nscript_type: testing\nhardware_type: node`, "echo b") },
    });
    const { items } = (await api.app.inject(`/api/v1/scripts/${name}/versions`)).json<{ items: { id: number }[] }>();
    return { path: { name }, body: { version: items.at(-1)?.id ?? 0 } };
  },
  "POST /sessions": async () => {
    const username = await user();
    return { body: { username, password }, actor: username };
  },
  "DELETE /sessions/current": session,
  "POST /secrets/rotate": async () => ({ body: {} }),
  "PATCH /settings": async () => ({ body: { enlist: "hold" } }),
  "DELETE /sessions": async () => ({}),
  "DELETE /sessions/{id}": async () => {
    const { session } = await beginSession(api.database.db, 1, {
      address: "::1",
      provider: "password",
      now: new Date(),
    });
    return { path: { id: await sessionOf(session.username) } };
  },
  "DELETE /users/{username}/sessions": async () => ({ path: { username: (await session()).actor ?? "" } }),
  "DELETE /users/{username}/sessions/{id}": async () => {
    const { actor = "" } = await session();
    return { path: { username: actor, id: await sessionOf(actor) } };
  },
  "POST /users/{username}/unlock": async () => ({ path: { username: await user() } }),
  "POST /groups": async () => ({ body: { name: fresh("made"), grants: [{ role: "auditor" }] } }),
  "PATCH /groups/{name}": async () => ({ path: { name: await group() }, body: { description: "other" } }),
  "DELETE /groups/{name}": async () => ({ path: { name: await group() } }),
  "POST /groups/{name}/members": async () => ({ path: { name: await group() }, body: { add: [await user()] } }),
  "POST /oidc-providers": async () => ({ body: oidc() }),
  "PATCH /oidc-providers/{name}": async () => ({
    path: { name: await provider("oidc") },
    body: { client_secret: secret },
  }),
  "DELETE /oidc-providers/{name}": async () => ({ path: { name: await provider("oidc") } }),
  "POST /ldap-servers": async () => ({ body: ldap() }),
  "PATCH /ldap-servers/{name}": async () => ({
    path: { name: await provider("ldap") },
    body: { bind_password: secret },
  }),
  "DELETE /ldap-servers/{name}": async () => ({ path: { name: await provider("ldap") } }),
  "POST /ssh-keys": async () => ({ body: { key: sshKey() } }),
  "POST /ssh-keys/import": async () => ({ body: { from: "gh:octo" } }),
  "DELETE /ssh-keys/{id}": async () => ({
    path: { id: (await call<{ id: number }>("POST", "/ssh-keys", { body: { key: sshKey() } })).id },
  }),
  "POST /webhooks": async () => ({ body: { url: "https://example.org/hook", secret: `${secret} of sixteen` } }),
  "PATCH /webhooks/{id}": async () => ({ path: { id: await webhook() }, body: { secret: `another ${secret}` } }),
  "DELETE /webhooks/{id}": async () => ({ path: { id: await webhook() } }),
  "POST /webhooks/{id}/deliveries/{delivery}/redeliver": async () => {
    const id = await webhook();
    const row = { webhook_id: id, event_id: 1, event: "{}", state: "failed", created_at: new Date() } as const;
    const { id: delivery } = await api.database.db
      .insertInto("webhook_deliveries")
      .values({ ...row, event: json({ type: "network.problem" }) })
      .returning("id")
      .executeTakeFirstOrThrow();
    return { path: { id, delivery } };
  },
  "POST /subnets": async () => ({ body: { cidr: `10.${(count += 1)}.0.0/24` } }),
  "PATCH /subnets/{id}": async () => ({ path: { id: await subnet() }, body: { mtu: 9000 } }),
  "DELETE /subnets/{id}": async () => ({ path: { id: await subnet() } }),
  ...networkExamples,
  "POST /tags/{name}/machines": async () => ({
    path: { name: await place("tags") },
    body: { add: [await machine("ready")] },
  }),
  "POST /tokens": async () => ({ body: { name: "ci" } }),
  "DELETE /tokens/{id}": async () => ({
    path: { id: (await call<{ id: string }>("POST", "/tokens", { body: { name: "ci" } })).id },
  }),
  "POST /users": async () => ({ body: { username: fresh("made"), password: secret } }),
  "PATCH /users/{username}": async () => ({
    path: { username: await user() },
    body: { password: secret, administrator: true },
  }),
  "DELETE /users/{username}": async () => ({ path: { username: await user() } }),
  "POST /users/{username}/tokens": async () => ({ path: { username: await user() }, body: { name: "ci" } }),
  "DELETE /users/{username}/tokens/{id}": async () => {
    const username = await user();
    const { id } = await call<{ id: string }>("POST", `/users/${username}/tokens`, { body: { name: "ci" } });
    return { path: { username, id } };
  },
};
const notification = async (): Promise<Example> => ({
  path: { id: (await call<{ id: number }>("POST", "/notifications", { body: { message: "a", users: true } })).id },
});
const packageRepository = async (): Promise<Example> => {
  const body = { name: fresh("mirror"), url: "http://mirror.example/debian" };
  return { path: { id: (await call<{ id: number }>("POST", "/package-repositories", { body })).id } };
};
const key = "AAAAA-BBBBB-CCCCC-DDDDD-EEEEE";
const licenseKey = async (): Promise<Example> => {
  const path = { osystem: "windows", distro_series: fresh("win") };
  await call("POST", "/license-keys", { body: { ...path, license_key: key } });
  return { path };
};
const bootSource = async (): Promise<number> => {
  const body = { url: `http://images.example/${fresh("stable")}`, skip_keyring_verification: true };
  return (await call<{ id: number }>("POST", "/boot-sources", { body })).id;
};
const selection = async (): Promise<Example> => {
  const id = await bootSource();
  const body = { os: "ubuntu", release: "noble" };
  const made = await call<{ id: number }>("POST", `/boot-sources/${id}/selections`, { body });
  return { path: { id, selection: made.id } };
};
Object.assign(examples, {
  "POST /notifications": async () => ({ body: { message: "{n} disks fail", context: { n: 2 }, admins: true } }),
  "PATCH /notifications/{id}": async () => ({ ...(await notification()), body: { message: "b" } }),
  "DELETE /notifications/{id}": notification,
  "POST /notifications/{id}/dismiss": notification,
  "POST /package-repositories": async () => ({ body: { name: fresh("mirror"), url: "ppa:a/b" } }),
  "PATCH /package-repositories/{id}": async () => ({ ...(await packageRepository()), body: { enabled: false } }),
  "DELETE /package-repositories/{id}": packageRepository,
  "POST /license-keys": async () => ({
    body: { osystem: "windows", distro_series: fresh("win"), license_key: key },
  }),
  "PATCH /license-keys/{osystem}/{distro_series}": async () => ({
    ...(await licenseKey()),
    body: { license_key: key.replace("A", "1") },
  }),
  "DELETE /license-keys/{osystem}/{distro_series}": licenseKey,
  "POST /boot-sources": async () => ({
    body: { url: `http://images.example/${fresh("stable")}`, keyring_filename: "/usr/share/keyrings/x.gpg" },
  }),
  "PATCH /boot-sources/{id}": async () => ({ path: { id: await bootSource() }, body: { enabled: false } }),
  "DELETE /boot-sources/{id}": async () => ({ path: { id: await bootSource() } }),
  "POST /boot-sources/{id}/selections": async () => ({
    path: { id: await bootSource() },
    body: { os: "ubuntu", release: "noble", arches: ["amd64"] },
  }),
  "PATCH /boot-sources/{id}/selections/{selection}": async () => ({
    ...(await selection()),
    body: { labels: ["stable"] },
  }),
  "DELETE /boot-sources/{id}/selections/{selection}": selection,
} satisfies typeof examples);
const mac = (): string => `02:ad:00:00:00:${(count += 1).toString(16).padStart(2, "0")}`;
const device = async (): Promise<string> =>
  (await call<{ id: string }>("POST", "/devices", { body: { macs: [mac()] } })).id;
type Linked = { id: number; links: { id: number }[] };
/** Paths of a card of a machine and of a device, each linked to a subnet. */
async function card(kind: "machines" | "devices"): Promise<{ path: Record<string, string | number>; subnet: number }> {
  const id = kind === "machines" ? await machine("ready") : await device();
  const made = await call<Linked>("POST", `/${kind}/${id}/interfaces`, { body: { type: "physical", mac: mac() } });
  const cidr = `10.${(count += 1)}.0.0/24`;
  const gateway = cidr.replace("0/24", "1");
  const { id: subnet_id } = await call<{ id: number }>("POST", "/subnets", { body: { cidr, gateway } });
  const body = { mode: "static", subnet_id };
  const { links } = await call<Linked>("POST", `/${kind}/${id}/interfaces/${made.id}/links`, { body });
  return { path: { id, interface: made.id, link: links[0]?.id ?? 0 }, subnet: subnet_id };
}
for (const kind of ["machines", "devices"] as const) {
  const base = `/${kind}/{id}/interfaces`;
  const id = async () => (kind === "machines" ? machine("ready") : device());
  examples[`POST ${base}`] = async () => ({ path: { id: await id() }, body: { type: "physical", mac: mac() } });
  examples[`PATCH ${base}/{interface}`] = async () => ({ path: (await card(kind)).path, body: { tags: ["a"] } });
  examples[`DELETE ${base}/{interface}`] = async () => ({ path: (await card(kind)).path });
  examples[`POST ${base}/{interface}/links`] = async () => {
    const { path, subnet: subnet_id } = await card(kind);
    return { path, body: { mode: "static", subnet_id } };
  };
  examples[`DELETE ${base}/{interface}/links/{link}`] = async () => ({ path: (await card(kind)).path });
  examples[`POST ${base}/{interface}/links/{link}/default-gateway`] = async () => ({ path: (await card(kind)).path });
  examples[`POST ${base}/{interface}/disconnect`] = async () => ({ path: (await card(kind)).path });
}
const domain = async (): Promise<Example> => ({
  path: { id: (await call<{ id: number }>("POST", "/domains", { body: { name: fresh("domain") } })).id },
});
type Named = { id: number; records: { id: number }[] };
const named = async (): Promise<Named> =>
  call<Named>("POST", "/dns-resources", { body: { name: fresh("www"), domain_id: 0, addresses: ["192.0.2.1"] } });
const nameRecord = async (): Promise<Example> => {
  const { id } = await named();
  const body = { type: "TXT", data: fresh("text") };
  const { records } = await call<Named>("POST", `/dns-resources/${id}/records`, { body });
  return { path: { id: records[0]?.id ?? 0 } };
};
Object.assign(examples, {
  "POST /devices": async () => ({ body: { macs: [mac()] } }),
  "PATCH /devices/{id}": async () => ({ path: { id: await device() }, body: { description: "by the door" } }),
  "PATCH /devices/{id}/annotations": async () => ({ path: { id: await device() }, body: { use: "print" } }),
  "DELETE /devices/{id}": async () => ({ path: { id: await device() } }),
  "POST /domains": async () => ({ body: { name: fresh("domain") } }),
  "PATCH /domains/{id}": async () => ({ ...(await domain()), body: { ttl: 60 } }),
  "DELETE /domains/{id}": domain,
  "POST /domains/{id}/default": domain,
  "POST /dns-resources": async () => ({ body: { name: fresh("www"), domain_id: 0 } }),
  "PATCH /dns-resources/{id}": async () => ({ path: { id: (await named()).id }, body: { address_ttl: 5 } }),
  "DELETE /dns-resources/{id}": async () => ({ path: { id: (await named()).id } }),
  "POST /dns-resources/{id}/records": async () => ({
    path: { id: (await named()).id },
    body: { type: "MX", data: "10 mail.example" },
  }),
  "PATCH /dns-records/{id}": async () => ({ ...(await nameRecord()), body: { ttl: 5 } }),
  "DELETE /dns-records/{id}": nameRecord,
  "POST /discoveries/clear": async () => ({ body: {} }),
} satisfies typeof examples);
/** A ready machine with disks that nothing is on, besides the one its inventory names. */
async function stored() {
  const id = await machine("ready");
  const at = `/machines/${id}/storage`;
  let storage: MachineStorage | undefined;
  for (const name of ["sda", "sdb", "sdc", "sdd"])
    storage = await call("POST", `${at}/devices`, { body: { name, size: 20e9, model: "M", serial: fresh("S") } });
  const device = (name: string): number => storage?.devices.find((one) => one.name === name)?.id ?? 0;
  return { id, at, sda: device("sda"), sdb: device("sdb"), sdc: device("sdc") };
}
async function partitioned() {
  const made = await stored();
  const { devices } = await call<MachineStorage>("POST", `${made.at}/devices/${made.sda}/partitions`, { body: {} });
  const partition = devices.find(({ id }) => id === made.sda)?.partitions[0]?.id ?? 0;
  return { path: { id: made.id, device: made.sda, partition } };
}
async function grouped() {
  const { id, at, sda } = await stored();
  const body = { kind: "lvm", name: "vg0", devices: [sda] };
  const { groups } = await call<MachineStorage>("POST", `${at}/groups`, { body });
  return { path: { id, group: groups.find(({ name }) => name === "vg0")?.id ?? 0 } };
}
const onDisk = async (body?: object): Promise<Example> => {
  const { id, sda } = await stored();
  return { path: { id, device: sda }, ...(body && { body }) };
};
const withFilesystem = async (example: Example, below: string): Promise<Example> => {
  await call("PUT", `/machines/${example.path?.["id"]}/storage/${below}/filesystem`, { body: { fstype: "ext4" } });
  return { path: example.path ?? {} };
};
Object.assign(examples, {
  "PUT /machines/{id}/storage/layout": async () => ({ path: { id: (await stored()).id }, body: { layout: "lvm" } }),
  "POST /machines/{id}/storage/restore": async () => ({ path: { id: (await stored()).id } }),
  "POST /machines/{id}/storage/devices": async () => ({
    path: { id: (await stored()).id },
    body: { name: "sdx", size: 20e9, path: "/dev/disk/by-id/x" },
  }),
  "PATCH /machines/{id}/storage/devices/{device}": () => onDisk({ boots: true, tags: ["fast"] }),
  "DELETE /machines/{id}/storage/devices/{device}": () => onDisk(),
  "POST /machines/{id}/storage/devices/{device}/partitions": () => onDisk({ size: 5e9 }),
  "DELETE /machines/{id}/storage/devices/{device}/partitions/{partition}": partitioned,
  "PUT /machines/{id}/storage/devices/{device}/filesystem": () => onDisk({ fstype: "xfs", mount_point: "/srv" }),
  "DELETE /machines/{id}/storage/devices/{device}/filesystem": async () => {
    const example = await onDisk();
    return withFilesystem(example, `devices/${example.path?.["device"]}`);
  },
  "PUT /machines/{id}/storage/devices/{device}/partitions/{partition}/filesystem": async () => ({
    ...(await partitioned()),
    body: { fstype: "ext4", mount_point: "/srv" },
  }),
  "DELETE /machines/{id}/storage/devices/{device}/partitions/{partition}/filesystem": async () => {
    const example = await partitioned();
    return withFilesystem(example, `devices/${example.path.device}/partitions/${example.path.partition}`);
  },
  "POST /machines/{id}/storage/special-filesystems": async () => ({
    path: { id: (await stored()).id },
    body: { fstype: "tmpfs", mount_point: "/scratch" },
  }),
  "DELETE /machines/{id}/storage/special-filesystems/{filesystem}": async () => {
    const { id, at } = await stored();
    const body = { fstype: "tmpfs", mount_point: "/scratch" };
    const { special_filesystems } = await call<MachineStorage>("POST", `${at}/special-filesystems`, { body });
    return { path: { id, filesystem: special_filesystems[0]?.id ?? 0 } };
  },
  "POST /machines/{id}/storage/groups": async () => {
    const { id, sda, sdb } = await stored();
    return { path: { id }, body: { kind: "raid-1", devices: [sda, sdb] } };
  },
  "PATCH /machines/{id}/storage/groups/{group}": async () => ({ ...(await grouped()), body: { name: "vg1" } }),
  "DELETE /machines/{id}/storage/groups/{group}": grouped,
  "POST /machines/{id}/storage/groups/{group}/volumes": async () => ({ ...(await grouped()), body: { name: "data" } }),
  "POST /machines/{id}/storage/cache-sets": async () => {
    const { id, sdb } = await stored();
    return { path: { id }, body: { devices: [sdb] } };
  },
  "DELETE /machines/{id}/storage/cache-sets/{set}": async () => {
    const { id, at, sdc } = await stored();
    const { cache_sets } = await call<MachineStorage>("POST", `${at}/cache-sets`, { body: { devices: [sdc] } });
    return { path: { id, set: cache_sets[0]?.id ?? 0 } };
  },
} satisfies typeof examples);
for (const kind of ["zones", "pools", "tags"] as const) {
  examples[`POST /${kind}`] = async () => ({ body: { name: fresh("made") } });
  examples[`PATCH /${kind}/{name}`] = async () => ({
    path: { name: await place(kind) },
    body: { name: fresh("other") },
  });
  examples[`DELETE /${kind}/{name}`] = async () => ({ path: { name: await place(kind) } });
}

/** What an ordinary user may ask, too: of what is his own, and for a machine that is free. */
const everybodys = [
  "POST /devices",
  "POST /ip-addresses",
  "POST /ip-ranges",
  "POST /sessions",
  "DELETE /sessions/current",
  "DELETE /sessions",
  "POST /ssh-keys",
  "POST /ssh-keys/import",
  "POST /tokens",
  "POST /machines/allocate",
  "POST /machines/{id}/deploy",
  "POST /notifications/{id}/dismiss",
];
/** Where an ordinary user is refused in another way than by 403: others' things are not there for him. */
const refusals: Record<string, number> = {
  "DELETE /ssh-keys/{id}": 404,
  "DELETE /tokens/{id}": 404,
  "DELETE /sessions/{id}": 404,
  // Answered for each machine.
  "POST /machines/bulk": 200,
  "POST /machines/clone": 200,
};

/** Asks the same as somebody who is neither administrator nor owner of anything. */
async function askAsUser(method: "POST" | "PUT" | "PATCH" | "DELETE", url: string, { body }: Example, key: string) {
  local = false;
  try {
    const headers = { authorization: `Bearer ${key}`, ...(body && { "content-type": "application/json" }) };
    const payload = body === undefined ? {} : { payload: JSON.stringify(body) };
    return await api.app.inject({ method, url: `/api/v1${url}`, headers, ...payload });
  } finally {
    local = true;
  }
}

async function auditSince(cursor: number): Promise<Event[]> {
  return (await listEvents(api.database.db, { kind: "audit" }, { limit: 100, cursor, order: "asc" })).items;
}

test("every route that changes something refuses an ordinary user, and writes exactly one audit event", async (t) => {
  const routes = api.app.described
    .filter(({ url }) => url.startsWith("/api/v1/"))
    .flatMap(({ method, url }) => [method].flat().map((verb) => ({ verb, url: url.replace("/api/v1", "") })))
    .filter(({ verb }) => !["GET", "HEAD", "OPTIONS"].includes(verb));
  assert.ok(routes.length > 30, `${routes.length} routes`);
  const triable = new Set(
    api.app.described
      .filter(({ config }) => config?.outside !== true && config?.public !== true)
      .flatMap(({ method, url }) =>
        [method].flat().map((verb) => `${verb} ${url.replace("/api/v1", "").replaceAll(/:(\w+)/g, "{$1}")}`),
      ),
  );
  const named = routes.map(({ verb, url }) => `${verb} ${url.replaceAll(/:(\w+)/g, "{$1}")}`);
  assert.deepEqual(
    Object.keys(examples).filter((name) => !named.includes(name)),
    [],
    "examples of routes that do not exist: remove them from `examples` in region/http/audit.medium.test.ts",
  );
  const { key } = await call<{ key: string }>("POST", `/users/${await user()}/tokens`, { body: { name: "ci" } });
  const auditor = await user();
  await call("PATCH", `/users/${auditor}`, { body: { grants: [{ role: "auditor" }] } });
  const reading = await call<{ key: string }>("POST", `/users/${auditor}/tokens`, { body: { name: "ci" } });
  for (const name of named)
    await t.test(name, async () => {
      const make = examples[name];
      assert.ok(
        make,
        `${name} has no example. Call appendAudit() of region/events/audit.ts in the transaction in which the route ` +
          `changes something, with the thing before and after, then add a request that succeeds to \`examples\` in ` +
          `region/http/audit.medium.test.ts. A route that changes nothing is a GET.`,
      );
      const example = await make();
      const cursor = (await readSettled(api.database.db)).through;
      const [verb = "", path = ""] = name.split(" ");
      const url = path.replaceAll(/\{(\w+)\}/g, (_whole, part: string) => String(example.path?.[part] ?? part));
      if (!everybodys.includes(name)) {
        const refused = await askAsUser(verb as "POST", url, example, key);
        // Machines and addresses of others are not there for him.
        const hidden = /There is no (machine \w{6}|IP address \d+)\./.test(refused.body) ? 404 : 403;
        assert.equal(refused.statusCode, refusals[name] ?? hidden, `an ordinary user asked: ${refused.body}`);
        if (refused.statusCode === 200) assert.equal(refused.json<{ done: number }>().done, 0);
        // Nothing is hidden from an auditor, and he changes nothing.
        const read = await askAsUser(verb as "POST", url, example, reading.key);
        assert.equal(read.statusCode, refusals[name] ?? 403, `an auditor asked: ${read.body}`);
        if (read.statusCode === 200) assert.equal(read.json<{ done: number }>().done, 0);
      }
      if (triable.has(name)) {
        const plan = await call<{ dry_run: boolean }>(verb as "POST", `${url}?dry_run=true`, example);
        assert.equal(plan.dry_run, true);
        assert.deepEqual(await auditSince(cursor), [], "a dry run left an event behind");
      }
      await call(verb as "POST", url, example);
      const told = await auditSince(cursor);
      assert.equal(
        told.length,
        1,
        `${name} wrote ${told.length} audit events (${told.map((event) => event.type).join(", ")}), not 1. Call ` +
          `appendAudit() of region/events/audit.ts once, in the transaction that makes the change.`,
      );
      assert.equal(told[0]?.actor, example.actor ?? localActor);
      assert.ok(told[0]?.message.includes(example.actor ?? localActor), told[0]?.message);
      const states = { PATCH: ["before", "after"], PUT: ["before", "after"], DELETE: ["before"] }[verb] ?? [];
      const missing = states.filter((state) => !(state in (told[0]?.data ?? {})));
      assert.deepEqual(missing, [], `${name}: is missing from data ${JSON.stringify(told[0]?.data)}`);
      assert.doesNotMatch(JSON.stringify(told), new RegExp(`${secret}|${password}`), "a secret is in the events");
    });
});

test("what was changed is told with its value before and after, and a password as changed only", async () => {
  const id = await machine("ready");
  const cursor = (await readSettled(api.database.db)).through;
  const power = { power_address: "192.0.2.77", power_user: "u", power_pass: secret };
  await call("PATCH", `/machines/${id}`, { body: { hostname: "lonely-heron", power_parameters: power } });
  const [told] = await auditSince(cursor);
  assert.deepEqual(told?.data["before"], {
    hostname: `host-${id}`,
    power_parameters: { power_address: "192.0.2.1", power_pass: "(changed)" },
  });
  assert.deepEqual(told?.data["after"], {
    hostname: "lonely-heron",
    power_parameters: { power_address: "192.0.2.77", power_pass: "(changed)" },
  });
  const { body } = await api.app.inject(`/api/v1/events?kind=audit&machine=${id}`);
  assert.match(body, /lonely-heron/);
});
