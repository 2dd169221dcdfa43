import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Event, MachineStatus } from "@rackwright/contract";
import { json } from "../database/pool.ts";
import { listEvents, readSettled } from "../events/read.ts";
import { testInventory, testMachine } from "../machines/testing.ts";
import { testScript } from "../scripts/testing.ts";
import { localActor } from "../users/users.ts";
import { type TestApi, testApi } from "./testing.ts";

/** A request that succeeds: what its path is filled with, its body, and who it is that the audit must name. */
type Example = {
  path?: Record<string, string | number>;
  body?: object;
  headers?: Record<string, string>;
  actor?: string;
};

let api: TestApi;
let local = true;
let count = 0;
const fresh = (prefix: string): string => `${prefix}-${(count += 1)}`;
const secret = "hush-hush-secret";

before(async () => {
  api = await testApi({ local: () => local });
  const { db } = api.database;
  const file = (role: string) => ({ role, name: role, sha256: "a".repeat(64), size: 1000 });
  await db
    .insertInto("images")
    .values({
      name: "debian-12",
      architecture: "amd64",
      kind: "deployable",
      title: "Debian",
      os: "debian",
      release: "12",
      recipe: "0",
      built_at: new Date(),
      files: json([file("squashfs")]),
    })
    .execute();
});
after(() => api.close());

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
const sshKey = (): string => {
  const kind = Buffer.from("ssh-ed25519");
  const length = Buffer.alloc(4);
  length.writeUInt32BE(kind.length);
  const blob = Buffer.concat([length, kind, Buffer.from([0, 0, 0, 32]), Buffer.alloc(32, (count += 1))]);
  return `ssh-ed25519 ${blob.toString("base64")} anna@desk`;
};
async function subnet(): Promise<number> {
  const cidr = `10.${(count += 1)}.0.0/24`;
  return (await call<{ id: number }>("POST", "/subnets", { body: { cidr } })).id;
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
  "PATCH /settings": async () => ({ body: { enlist: "hold" } }),
  "POST /ssh-keys": async () => ({ body: { key: sshKey() } }),
  "DELETE /ssh-keys/{id}": async () => ({
    path: { id: (await call<{ id: number }>("POST", "/ssh-keys", { body: { key: sshKey() } })).id },
  }),
  "POST /subnets": async () => ({ body: { cidr: `10.${(count += 1)}.0.0/24` } }),
  "PATCH /subnets/{id}": async () => ({ path: { id: await subnet() }, body: { mtu: 9000 } }),
  "DELETE /subnets/{id}": async () => ({ path: { id: await subnet() } }),
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
  "POST /sessions",
  "DELETE /sessions/current",
  "POST /ssh-keys",
  "POST /tokens",
  "POST /machines/allocate",
  "POST /machines/{id}/deploy",
];
/** Where an ordinary user is refused in another way than by 403: others' things are not there for him. */
const refusals: Record<string, number> = {
  "DELETE /ssh-keys/{id}": 404,
  "DELETE /tokens/{id}": 404,
  // Answered for each machine.
  "POST /machines/bulk": 200,
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
  const named = routes.map(({ verb, url }) => `${verb} ${url.replaceAll(/:(\w+)/g, "{$1}")}`);
  assert.deepEqual(
    Object.keys(examples).filter((name) => !named.includes(name)),
    [],
    "examples of routes that do not exist: remove them from `examples` in region/http/audit.medium.test.ts",
  );
  const { key } = await call<{ key: string }>("POST", `/users/${await user()}/tokens`, { body: { name: "ci" } });
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
        assert.equal(refused.statusCode, refusals[name] ?? 403, `an ordinary user asked: ${refused.body}`);
        if (refused.statusCode === 200) assert.equal(refused.json<{ done: number }>().done, 0);
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
