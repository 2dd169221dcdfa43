import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { certificate } from "./testing/certificate.ts";
import { sshKey } from "./testing/ssh-key.ts";
import { testWorld } from "./testing/world.ts";

let world: Awaited<ReturnType<typeof testWorld>>;
before(async () => (world = await testWorld()));
after(() => world.close());

type Named = { id: number; name: string };
type Told = [status: number, text: string];
const ask = async (...asked: Parameters<typeof world.ask>): Promise<Told> => {
  const { status, text } = await world.ask(...asked);
  return [status, text];
};

describe("SSH keys", () => {
  const path = "account/prefs/sshkeys/";
  type Key = { id: number; key: string; keysource: string };

  test("are imported from where they are published, once", async () => {
    const imported = await world.make<Key[]>("POST", path, { op: "import", form: { keysource: "gh:octo" } });
    assert.deepEqual(
      imported.map(({ keysource }) => keysource),
      ["gh:octo", "gh:octo"],
    );
    const again = await world.make<Key[]>("POST", path, { op: "import", form: { keysource: "octo" } });
    assert.deepEqual(again, imported);
    assert.equal((await world.make<Key[]>("GET", path)).length, 2);
  });

  test("are not imported from anywhere else, nor where there are none", async () => {
    const imported = async (keysource: string) => ask("POST", path, { op: "import", form: { keysource } });
    for (const keysource of [
      "gh:nobody",
      "lp:empty",
      "gh:big",
      "gh:moved",
      "gh:broken",
      "gh:../octo",
      "http://x/",
      "gh:",
      "",
    ])
      assert.equal((await imported(keysource))[0], 400, keysource);
    assert.match((await imported("gh:nobody"))[1], /GitHub: there is no such user/);
    assert.match((await imported("lp:empty"))[1], /Launchpad: the user has no keys/);
  });

  test("are each user's own", async () => {
    const { id } = await world.make<Key>("POST", path, { as: "user", form: { key: sshKey() } });
    for (const method of ["GET", "DELETE"])
      assert.deepEqual(await ask(method, `${path}${id}/`, { as: "other" }), [
        404,
        "No SSHKey matches the given query.",
      ]);
    assert.equal((await ask("GET", `${path}${id}/`, { as: "user" }))[0], 200);
  });

  test("are given once", async () => {
    const form = { key: sshKey() };
    assert.equal((await ask("POST", path, { form }))[0], 201);
    const [status, text] = await ask("POST", path, { form });
    assert.deepEqual([status, Object.keys(JSON.parse(text))], [400, ["key"]]);
    assert.equal((await ask("POST", path, { form: { key: "ssh-rsa AAAA" } }))[0], 400);
  });
});

test("certificates are each user's own, given once, and certificates", async () => {
  const path = "account/prefs/sslkeys/";
  const form = { key: certificate("own") };
  const { id } = await world.make<{ id: number }>("POST", path, { as: "user", form });
  assert.equal((await ask("POST", path, { as: "user", form }))[0], 400);
  assert.equal((await ask("POST", path, { as: "other", form }))[0], 201);
  for (const key of ["x", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"]) {
    const [status, text] = await ask("POST", path, { form: { key } });
    assert.deepEqual([status, Object.keys(JSON.parse(text))], [400, ["key"]]);
  }
  assert.deepEqual(await ask("GET", `${path}${id}/`, { as: "other" }), [404, "No SSLKey matches the given query."]);
  assert.equal((await ask("DELETE", `${path}${id}/`, { as: "user" }))[0], 204);
});

describe("API keys", () => {
  type Key = { token_key: string; token_secret: string; consumer_key: string };
  const make = () => world.make<Key>("POST", "account/", { op: "create_authorisation_token", as: "user" });

  test("are named and deleted by the whole of them or by their own part", async () => {
    const { token_key, token_secret, consumer_key } = await make();
    const whole = `${consumer_key}:${token_key}:${token_secret}`;
    const named = (token: string) =>
      ask("POST", "account/", { op: "update_token_name", as: "user", form: { token, name: "box" } });
    assert.deepEqual(await named(whole), [202, "Accepted"]);
    assert.deepEqual(await named(token_key), [202, "Accepted"]);
    const listed = await world.make<{ name: string; token: string }[]>("GET", "account/", {
      op: "list_authorisation_tokens",
      as: "user",
    });
    assert.ok(listed.some(({ name, token }) => name === "box" && token.startsWith(`${consumer_key}:${token_key}:`)));
    assert.doesNotMatch(JSON.stringify(listed), new RegExp(token_secret));
    const deleted = () =>
      ask("POST", "account/", { op: "delete_authorisation_token", as: "user", form: { token_key: whole } });
    assert.equal((await deleted())[0], 204);
    assert.equal((await deleted())[0], 204);
    assert.equal((await named(token_key))[0], 400);
  });

  test("of others are out of reach", async () => {
    const { token_key } = await make();
    await ask("POST", "account/", { op: "delete_authorisation_token", as: "other", form: { token_key } });
    const own = await world.make<{ token: string }[]>("GET", "account/", {
      op: "list_authorisation_tokens",
      as: "user",
    });
    assert.ok(own.some(({ token }) => token.includes(token_key)));
  });
});

describe("users", () => {
  const create = async (more: Record<string, string> = {}) => {
    const username = world.fresh("user");
    const form = { username, email: "", password: "long-enough-1", is_superuser: "0", ...more };
    await world.make("POST", "users/", { form });
    return username;
  };

  test("are made with an SSH key, if it is one", async () => {
    const key = sshKey();
    const username = await create({ key });
    const row = await world.db
      .selectFrom("ssh_keys")
      .innerJoin("users", "users.id", "user_id")
      .select("key")
      .where("username", "=", username)
      .executeTakeFirst();
    assert.equal(row?.key, key);
    const form = { username: "keyless", email: "", password: "long-enough-1", is_superuser: "1", key: "none" };
    const [status, text] = await ask("POST", "users/", { form });
    assert.deepEqual([status, Object.keys(JSON.parse(text))], [400, ["key"]]);
    assert.equal((await ask("GET", "users/keyless/"))[0], 404);
  });

  test("keep nothing when they go: it is somebody else's, or they stay", async () => {
    const username = await create();
    const { id: owner_id } = await world.db
      .selectFrom("users")
      .select("id")
      .where("username", "=", username)
      .executeTakeFirstOrThrow();
    const machine = await world.machine({ status: "allocated", owner_id });
    const [status, text] = await ask("DELETE", `users/${username}/`);
    assert.deepEqual([status, /owns machines \(1\)/.test(text)], [400, true], text);
    const query = { transfer_resources_to: "nobody-there" };
    assert.equal((await ask("DELETE", `users/${username}/`, { query }))[0], 400);
    query.transfer_resources_to = world.people.other.username;
    assert.equal((await ask("DELETE", `users/${username}/`, { query }))[0], 204);
    const row = await world.db.selectFrom("machines").select("owner_id").where("id", "=", machine).executeTakeFirst();
    assert.equal(row?.owner_id, world.people.other.id);
    assert.deepEqual(await ask("GET", `users/${username}/`), [404, "No User matches the given query."]);
    assert.equal((await ask("DELETE", `users/${username}/`))[0], 204);
  });

  test("do not delete themselves", async () => {
    assert.equal((await ask("DELETE", `users/${world.people.admin.username}/`))[0], 400);
    assert.equal((await ask("DELETE", "users/root/"))[0], 403);
  });

  test("are told of without the built-in one, and by name once", async () => {
    const users = await world.make<{ username: string }[]>("GET", "users/", { as: "user" });
    assert.ok(!users.some(({ username }) => username === "root"));
    const form = { username: "ben", email: "", password: "long-enough-1", is_superuser: "0" };
    const [status, text] = await ask("POST", "users/", { form });
    assert.deepEqual([status, Object.keys(JSON.parse(text))], [400, ["username"]]);
  });
});

describe("places", () => {
  test("of one name are one, and deleting goes as MAAS has it", async () => {
    const name = world.fresh("zone");
    await world.make("POST", "zones/", { form: { name } });
    const [status, text] = await ask("POST", "zones/", { form: { name } });
    assert.deepEqual([status, Object.keys(JSON.parse(text))], [400, ["name"]]);
    assert.equal((await ask("POST", "zones/", { form: { name: "a/b" } }))[0], 400);
    assert.equal((await ask("DELETE", "zones/default/"))[0], 400);
    assert.equal((await ask("DELETE", "zones/never-was/"))[0], 204);
    assert.equal((await ask("DELETE", "resourcepool/0/"))[0], 400);
    assert.deepEqual(await ask("DELETE", "resourcepool/999/"), [404, "No ResourcePool matches the given query."]);
    assert.deepEqual(await ask("GET", "zones/never-was/"), [404, "No Zone matches the given query."]);
  });

  test("a zone gives its machines and racks to the default one, a pool with machines stays", async () => {
    const zone = await world.make<Named>("POST", "zones/", { form: { name: world.fresh("zone") } });
    const pool = await world.make<Named>("POST", "resourcepools/", { form: { name: world.fresh("pool") } });
    const machine = await world.machine({ zone_id: zone.id, pool_id: pool.id });
    const rack = { name: world.fresh("rack"), secret: Buffer.alloc(32), zone_id: zone.id };
    await world.db.insertInto("racks").values(rack).execute();
    assert.equal((await ask("DELETE", `resourcepool/${pool.id}/`))[0], 400);
    assert.equal((await ask("DELETE", `zones/${zone.name}/`))[0], 204);
    const row = await world.db.selectFrom("machines").selectAll().where("id", "=", machine).executeTakeFirstOrThrow();
    assert.deepEqual([row.zone_id, row.pool_id], [1, pool.id]);
    await world.db.updateTable("machines").set({ pool_id: 0 }).where("id", "=", machine).execute();
    assert.equal((await ask("DELETE", `resourcepool/${pool.name}/`))[0], 204);
  });

  test("the default pool is number 0, found by its name, too", async () => {
    const wanted = { id: 0, name: "default", description: "", resource_uri: "/MAAS/api/2.0/resourcepool/0/" };
    assert.deepEqual(await world.make("GET", "resourcepool/0/"), wanted);
    assert.deepEqual(await world.make("GET", "resourcepool/default/"), wanted);
    const changed = await world.make("PUT", "resourcepool/0/", { form: { description: "all" } });
    assert.deepEqual(changed, { ...wanted, description: "all" });
  });
});

describe("tags", () => {
  type Tag = { name: string; definition: string };

  test("with a definition are not given by hand, and one by hand has none", async () => {
    const name = world.fresh("tag");
    const definition = "//node[@class='system']";
    assert.equal((await world.make<Tag>("POST", "tags/", { form: { name, definition } })).definition, definition);
    const give = (form: Record<string, string>) => ask("POST", `tags/${name}/`, { op: "update_nodes", form });
    assert.equal((await give({ add: world.machineId }))[0], 400);
    assert.equal((await give({ add: world.machineId, definition: "//other" }))[0], 409);
    assert.equal((await world.make<Tag>("PUT", `tags/${name}/`, { form: { comment: "c" } })).definition, definition);
    assert.equal((await world.make<Tag>("PUT", `tags/${name}/`, { form: { definition: "" } })).definition, "");
    assert.equal((await give({ add: world.machineId }))[0], 200);
  });

  test("may be defined by a filter, which comes back as it went", async () => {
    const form = { name: world.fresh("tag"), definition: "filter: arch:amd64" };
    const [status, text] = await ask("POST", "tags/", { form });
    assert.equal(status, 200, text);
    assert.equal((JSON.parse(text) as Tag).definition, form.definition);
    assert.equal((await ask("PUT", `tags/${form.name}/`, { form: { definition: form.definition } }))[0], 200);
  });

  test("are changed for machines that are there; others are passed over", async () => {
    const name = world.fresh("tag");
    await world.make("POST", "tags/", { form: { name } });
    const add = [world.machineId, "gone00", world.machineId];
    const added = await world.make("POST", `tags/${name}/`, { op: "update_nodes", form: { add } });
    assert.deepEqual(added, { added: 1, removed: 0 });
    const listed = await world.make<{ system_id: string }[]>("GET", `tags/${name}/`, { op: "machines" });
    assert.deepEqual(
      listed.map(({ system_id }) => system_id),
      [world.machineId],
    );
    const form = { remove: [world.machineId, "gone00"] };
    const removed = await world.make("POST", `tags/${name}/`, { op: "update_nodes", form });
    assert.deepEqual(removed, { added: 0, removed: 1 });
  });

  test("of a bad name, definition or kernel option are told by field", async () => {
    const told = async (form: Record<string, string>) => {
      const [status, text] = await ask("POST", "tags/", { form: { name: world.fresh("tag"), ...form } });
      assert.equal(status, 400, text);
      return Object.keys(JSON.parse(text) as object);
    };
    assert.deepEqual(await told({ name: "a b" }), ["name"]);
    assert.deepEqual(await told({ definition: "//node[" }), ["definition"]);
    assert.deepEqual(await told({ kernel_opts: "a;b" }), ["kernel_opts"]);
  });
});

test("a group has members once, and entitlements as far as there are roles for them", async () => {
  const { id } = await world.make<Named>("POST", "groups/", { form: { name: world.fresh("group") } });
  const path = `groups/${id}/`;
  const form = { username: world.people.other.username };
  assert.deepEqual(await ask("POST", path, { op: "add_member", form }), [200, "OK"]);
  assert.equal((await ask("POST", path, { op: "add_member", form }))[0], 409);
  const unknown = await ask("POST", path, { op: "add_member", form: { username: "nobody" } });
  assert.deepEqual([unknown[0], Object.keys(JSON.parse(unknown[1]))], [400, ["username"]]);
  const pool = await world.make<Named>("POST", "resourcepools/", { form: { name: world.fresh("pool") } });
  const edit = { resource_type: "pool", resource_id: String(pool.id), entitlement: "can_edit_machines" };
  assert.deepEqual(await ask("POST", path, { op: "add_entitlement", form: edit }), [200, "OK"]);
  assert.deepEqual(await world.make("GET", path, { op: "list_entitlements" }), [{ ...edit, resource_id: pool.id }]);
  for (const wrong of [{ entitlement: "can_fly" }, { resource_id: "4711" }, { resource_type: "moon" }])
    assert.equal((await ask("POST", path, { op: "add_entitlement", form: { ...edit, ...wrong } }))[0], 400);
  assert.equal((await ask("POST", path, { op: "remove_entitlement", form: edit }))[0], 204);
  assert.equal((await ask("POST", path, { op: "remove_entitlement", form: edit }))[0], 404);
  assert.equal((await ask("GET", "groups/4711/"))[0], 404);
});

test("nothing was a defect", () => assert.deepEqual(world.api.defects, []));
