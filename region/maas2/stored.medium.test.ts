import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { after, before, test } from "node:test";
import { storedExamples } from "./examples/stored.ts";
import { testWorld } from "./testing/world.ts";

type Json = Record<string, unknown>;
let world: Awaited<ReturnType<typeof testWorld>>;
before(async () => (world = await testWorld()));
after(() => world.close());

const sha = (content: string | Buffer) => createHash("sha256").update(content).digest("hex");
const config = async (name: string, as: "user" | "admin" = "user") =>
  (await world.ask("GET", "maas/", { op: "get_config", query: { name }, as })).json();
const setConfig = (name: string, value: string) =>
  world.ask("POST", "maas/", { op: "set_config", form: { name, value } });

test("settings that are ours are the same by MAAS's names; others are kept as they were set", async () => {
  const ours = async () => (await world.api.app.inject({ url: "/api/v1/settings", headers: bearer() })).json<Json>();
  for (const [name, value, read] of [
    ["enlist_commissioning", "false", false],
    ["enable_disk_erasing_on_release", "True", true],
    ["max_node_testing_results", "4", 4],
    ["node_timeout", "45", 45],
    ["upstream_dns", "192.0.2.1, 192.0.2.2", "192.0.2.1 192.0.2.2"],
    ["upstream_dns", "", null],
    ["kernel_opts", "quiet", "quiet"],
    ["kernel_opts", "", null],
    ["maas_auto_ipmi_workaround_flags", "idzero,authcap", ["idzero", "authcap"]],
    ["ntp_server", "ntp1.example ntp2.example", "ntp1.example ntp2.example"],
    ["main_archive", "http://mirror.example/ubuntu", "http://mirror.example/ubuntu"],
    ["active_discovery_interval", "600", 600],
  ] as const) {
    const answer = await setConfig(name, value);
    assert.deepEqual([answer.status, answer.text], [200, "OK"], name);
    assert.deepEqual(await config(name), read, name);
  }
  const { enlist, release, script_history_of, deadlines } = await ours();
  assert.deepEqual(
    [
      enlist,
      (release as Json)["erase"],
      script_history_of,
      (deadlines as Record<string, Json>)["testing"]?.["silence"],
    ],
    ["hold", true, { testing: 4 }, 2700],
  );
  assert.deepEqual((deadlines as Record<string, Json>)["deploying"]?.["total"], 5400);
  assert.equal(await config("ntp_servers"), "ntp1.example ntp2.example");
});

const bearer = () => ({ authorization: `Bearer ${world.people.admin.key}` });

test("a setting that is none, and a value that is none, are told under the name", async () => {
  for (const [name, value] of [
    ["maas_proxy_port", "70000"],
    ["enable_http_proxy", "maybe"],
    ["upstream_dns", "nowhere"],
    ["maas_name", ""],
    ["http_proxy", "gopher://x"],
    ["node_timeout", "0"],
    ["default_storage_layout", "round"],
    ["maas_auto_ipmi_cipher_suite_id", "5"],
    ["main_archive", "x"],
    ["active_discovery_interval", "0600"],
  ] as const) {
    const answer = await setConfig(name, value);
    assert.equal(answer.status, 400, `${name}: ${answer.text}`);
    assert.deepEqual(Object.keys(answer.json<Json>()), [name], answer.text);
  }
  for (const name of ["uuid", "toString", "rpc_shared_secret", "__proto__"]) {
    const answer = await world.ask("GET", "maas/", { op: "get_config", query: { name } });
    assert.deepEqual([answer.status, Object.keys(answer.json<Json>())], [400, ["name"]], name);
    assert.match(answer.text, /not a valid config setting/);
  }
});

test("what is a secret only administrators read", async () => {
  await setConfig("vcenter_password", "hush-hush-secret");
  const query = { name: "vcenter_password" };
  assert.equal((await world.ask("GET", "maas/", { op: "get_config", query, as: "user" })).status, 403);
  assert.equal(await config("vcenter_password", "admin"), "hush-hush-secret");
  const events = await world.ask("GET", "events/", { op: "query", query: { level: "AUDIT" } });
  assert.match(events.text, /vcenter_password/);
  assert.doesNotMatch(events.text, /hush-hush/);
});

test("an image comes in pieces, is checked, and is one of the store until it is deleted", async () => {
  const content = Buffer.from("the root file system of an image ".repeat(20));
  const form = { name: "custom/my-image", architecture: "amd64/generic", filetype: "squashfs", title: "Mine" };
  const asked = { form: { ...form, sha256: sha(content), size: String(content.length) } };
  type Made = { id: number; sets: Record<string, { complete: boolean; files: Record<string, Json> }> };
  const made = await world.make<Made>("POST", "boot-resources/", asked);
  const [version = ""] = Object.keys(made.sets);
  const uri = String(made.sets[version]?.files["squashfs"]?.["upload_uri"]);
  const put = async (data: Buffer) => {
    const answer = await world.ask("PUT", uri, { body: { type: "application/octet-stream", data } });
    return [answer.status, answer.text];
  };
  assert.deepEqual(await put(content.subarray(0, 100)), [200, "OK"]);
  assert.equal((await world.ask("PUT", uri, {})).status, 400);
  assert.equal((await put(Buffer.concat([content, content])))[0], 400, "more than announced");
  const half = await world.make<Made>("GET", `boot-resources/${made.id}/`);
  assert.deepEqual(
    [half.sets[version]?.complete, half.sets[version]?.files["squashfs"]?.["progress"]],
    [false, 0.1515],
  );

  // Other bytes than were announced: all of it is thrown away, and it can begin again.
  assert.equal((await put(Buffer.alloc(content.length - 100)))[0], 400);
  assert.deepEqual(await put(content.subarray(0, 300)), [200, "OK"]);
  assert.deepEqual(await put(content.subarray(300)), [200, "OK"]);
  const whole = await world.make<Made>("GET", `boot-resources/${made.id}/`);
  assert.deepEqual(
    [whole.sets[version]?.complete, "upload_uri" in (whole.sets[version]?.files["squashfs"] ?? {})],
    [true, false],
  );
  assert.deepEqual(await put(content), [400, "Cannot upload to a complete file."]);
  const stored = await world.db.selectFrom("images").selectAll().where("name", "=", "my-image").executeTakeFirst();
  assert.deepEqual([stored?.os, stored?.release, stored?.kind], ["custom", "my-image", "deployable"]);

  // The same again is there at once; another one takes its place when all of it is there.
  assert.equal((await world.make<Made>("POST", "boot-resources/", asked)).sets[version]?.complete, true);
  const next = Buffer.from("another");
  const renewed = await world.make<Made>("POST", "boot-resources/", {
    form: { ...form, sha256: sha(next), size: String(next.length) },
    files: [{ field: "content", filename: "x", data: next }],
  });
  assert.deepEqual([renewed.id, Object.keys(renewed.sets)], [made.id, [`${version}.1`]]);
  const { rows } = {
    rows: await world.db.selectFrom("images").select("files").where("name", "=", "my-image").execute(),
  };
  assert.equal(rows[0]?.files[0]?.sha256, sha(next));

  const busy = await world.machine({ status: "deploying", image: "my-image", owner_id: world.people.user.id });
  assert.equal((await world.ask("DELETE", `boot-resources/${made.id}/`)).status, 409);
  await world.db.updateTable("machines").set({ status: "deployed" }).where("id", "=", busy).execute();
  assert.equal((await world.ask("DELETE", `boot-resources/${made.id}/`)).status, 204);
  assert.equal((await world.ask("GET", `boot-resources/${made.id}/`)).status, 404);
  assert.equal(
    await world.db.selectFrom("images").selectAll().where("name", "=", "my-image").executeTakeFirst(),
    undefined,
  );
});

test("an image is refused by the name of what is wrong with it", async () => {
  const form = { name: "fine", architecture: "amd64/generic", sha256: sha("x"), size: "1", filetype: "tgz" };
  for (const [field, value] of [
    ["name", "a/b/c"],
    ["name", "Ümlaut"],
    ["name", "../../etc"],
    ["name", "ubuntu/noble"],
    ["architecture", "sparc/generic"],
    ["architecture", "amd64/hwe-22.04"],
    ["sha256", "xyz"],
    ["size", "0"],
    ["size", "99999999999999999999"],
    ["filetype", "qcow2"],
    ["base_image", "x"],
  ] as const) {
    const answer = await world.ask("POST", "boot-resources/", { form: { ...form, [field]: value } });
    assert.equal(answer.status, 400, `${field}=${value}: ${answer.text}`);
    assert.deepEqual(Object.keys(answer.json<Json>()), [field], answer.text);
  }
});

test("files are each user's own, and anybody's who has the key", async () => {
  const data = Buffer.from([0, 255, 13, 10, 45, 45]);
  const files = [{ field: "any", filename: "x", data }];
  for (const filename of ["a/b c", "__proto__"]) {
    assert.equal((await world.ask("POST", "files/", { form: { filename }, files, as: "user" })).status, 201);
    const path = `files/${encodeURIComponent(filename)}/`;
    const { content, anon_resource_uri } = (await world.ask("GET", path, { as: "user" })).json<
      Record<string, string>
    >();
    assert.deepEqual(Buffer.from(content ?? "", "base64"), data);
    assert.deepEqual((await world.ask("GET", anon_resource_uri ?? "", { as: "nobody" })).bytes, data);
    const other = await world.ask("GET", path, { as: "other" });
    assert.deepEqual([other.status, other.headers["workaround"]], [404, "bug1123986"]);
  }
  const listed = await world.ask("GET", "files/", { query: { prefix: "a/" }, as: "user" });
  assert.deepEqual(
    listed.json<{ filename: string }[]>().map(({ filename }) => filename),
    ["a/b c"],
  );
  assert.deepEqual((await world.ask("GET", "files/", { as: "other" })).json(), []);
  const none = await world.ask("POST", "files/", { form: { filename: "x" }, as: "user" });
  assert.deepEqual([none.status, none.text], [400, "File not supplied"]);
});

test("notifications are shown to whom they are for, until dismissed", async () => {
  const say = (form: Record<string, string>) => world.make<{ id: number }>("POST", "notifications/", { form });
  const ids = async (as: "user" | "other" | "admin") =>
    (await world.ask("GET", "notifications/", { as })).json<{ id: number }[]>().map(({ id }) => id);
  const everybody = (await say({ message: "a", users: "true" })).id;
  const admins = (await say({ message: "b", admins: "true" })).id;
  const own = (await say({ message: "c", user: String(world.people.user.id), dismissable: "no" })).id;
  assert.deepEqual(await ids("user"), [everybody, own]);
  assert.deepEqual(await ids("other"), [everybody]);
  assert.deepEqual(await ids("admin"), [everybody, admins]);
  assert.equal((await world.ask("GET", `notifications/${own}/`, { as: "other" })).status, 403);
  const dismiss = (id: number, as: "user" | "other") =>
    world.ask("POST", `notifications/${id}/`, { op: "dismiss", as }).then(({ status }) => status);
  assert.deepEqual(
    [
      await dismiss(everybody, "user"),
      await dismiss(everybody, "user"),
      await dismiss(own, "user"),
      await dismiss(admins, "other"),
    ],
    [200, 200, 403, 403],
  );
  assert.deepEqual([await ids("user"), await ids("other")], [[own], [everybody]]);
  for (const [form, field] of [
    [{ message: "{x}" }, "message"],
    [{ message: "a", context: "[1" }, "context"],
    [{ message: "a", context: "[]" }, "context"],
    [{ message: "a", user: "nobody-here" }, "user"],
    [{ message: "a", category: "bad" }, "category"],
  ] as const) {
    const answer = await world.ask("POST", "notifications/", { form });
    assert.deepEqual([answer.status, Object.keys(answer.json<Json>())], [400, [field]], answer.text);
  }
});

test("events are paged both ways, and only those of machines one may see", async () => {
  const hidden = await world.machine({ owner_id: world.people.other.id, status: "allocated" });
  const id = await world.machine();
  for (const [machine_id, message] of [
    [id, "one"],
    [hidden, "secret"],
    [id, "two"],
    [id, "three"],
  ] as const)
    await world.db
      .insertInto("events")
      .values({
        type: "machine.status",
        level: message === "two" ? "error" : "info",
        message,
        machine_id,
        actor: "region",
      })
      .execute();
  type Page = { events: { description: string; level: string }[]; next_uri: string; prev_uri: string; count: number };
  const page = async (query: Record<string, string | string[]>, as: "user" | "admin" = "user") =>
    (await world.ask("GET", "events/", { op: "query", query, as })).json<Page>();
  const words = ({ events }: Page) => events.map(({ description }) => description);
  const first = await page({ id, limit: "2" });
  assert.deepEqual([words(first), first.count], [["three", "two"], 2]);
  const follow = async (uri: string) => (await world.ask("GET", uri, { as: "user" })).json<Page>();
  const older = await follow(first.prev_uri);
  assert.deepEqual(words(older), ["one"]);
  assert.deepEqual(words(await follow(older.next_uri)), ["three", "two"]);
  assert.deepEqual(words(await follow((await follow(older.prev_uri)).prev_uri)), []);
  assert.deepEqual(words(await page({ id: [id, hidden] })), ["three", "two", "one"]);
  assert.deepEqual(words(await page({ id: hidden }, "admin")), ["secret"]);
  assert.deepEqual(words(await page({ id, level: "WARNING" })), ["two"]);
  assert.deepEqual(words(await page({ id, level: "CRITICAL" })), []);
  const all = words(await page({ limit: "1000" }));
  assert.ok(all.includes("three") && !all.includes("secret"), all.join());
  const refused: Record<string, string>[] = [
    { level: "LOUD" },
    { limit: "1001" },
    { before: "1", after: "2" },
    { mac_address: "x" },
    { before: "-1" },
  ];
  for (const query of refused) {
    const answer = await world.ask("GET", "events/", { op: "query", query });
    assert.deepEqual([answer.status, answer.type], [400, "text/plain; charset=utf-8"], JSON.stringify(query));
  }
});

test("a form says what a script's header leaves out, and not what it has", async () => {
  const upload = (text: string, form: Record<string, string> = {}, field = "script") =>
    world.ask("POST", "scripts/", { form, files: [{ field, filename: "f", data: text }] });
  const header = (yaml: string) =>
    `#!/bin/sh\n# --- Start MAAS 1.0 script metadata ---\n# ${yaml}\n# --- End MAAS 1.0 script metadata ---\n`;
  const made = (await upload("#!/bin/sh\ntrue\n", { type: "0", timeout: "90", tags: "x" }, "by-field")).json<Json>();
  assert.deepEqual([made["name"], made["type"], made["timeout"], made["default"]], ["by-field", 0, "0:01:30", false]);
  assert.equal((await upload(header("title: A"), { name: "t", title: "B" })).status, 400);
  assert.equal((await upload(header("title: A"), { name: "t", title: "A" })).status, 200);
  assert.deepEqual((await upload(header("title: A"), { name: "t" })).json(), {
    name: ["There is a script t already."],
  });
  assert.equal((await upload("#!/bin/sh\n", { name: "u", type: "deployment" })).status, 400);
  assert.equal((await upload("#!/bin/sh\n", { name: "none" })).status, 400);
  const renewed = await world.ask("PUT", "scripts/by-field", {
    form: {},
    files: [{ field: "script", filename: "f", data: "#!/bin/sh\nfalse\n" }],
  });
  assert.equal(renewed.json<Json>()["type"], 0, "what the form said before still holds");
  const builtin = await world.db.selectFrom("scripts").select("name").where("builtin", "=", true).executeTakeFirst();
  assert.equal(builtin, undefined, "the test's database has no built-in scripts");
  await world.db.updateTable("scripts").set({ builtin: true }).where("name", "=", "t").execute();
  assert.equal((await world.ask("PUT", "scripts/t", { form: { timeout: "60", tags: "mine" } })).status, 200);
  assert.equal((await world.ask("PUT", "scripts/t", { form: { title: "C" } })).status, 400);
  assert.equal((await world.ask("DELETE", "scripts/t")).status, 400);
});

test("what scripts wrote is downloaded as text and as an archive", async () => {
  const example = await storedExamples["GET nodes/{system_id}/results/{id}/"]?.(world);
  const path = `nodes/${example?.path?.["system_id"]}/results/current-testing/`;
  const { results } = (await world.ask("GET", path, { query: { include_output: "x" } })).json<{ results: Json[] }>();
  assert.deepEqual(
    results.map(({ status_name, output }) => [status_name, Buffer.from(String(output), "base64").toString()]),
    [
      ["Passed", "out\nerr\n"],
      ["Failed", "out\nerr\n"],
    ],
  );
  const filters = String(results[0]?.["id"]);
  const one = await world.ask("GET", path, { op: "download", query: { filters, output: "stderr" } });
  assert.deepEqual([one.text, one.type], ["err\n", "application/binary"]);
  const both = await world.ask("GET", path, { op: "download" });
  assert.match(both.text, /^-+ check-\d+\.log -+\nout\nerr\n\n-+ check-\d+\.log -+\nout\nerr\n\n$/);
  const archive = await world.ask("GET", path, { op: "download", query: { filetype: "tar.xz", output: "all" } });
  const names = execFileSync("tar", ["--list", "--xz"], { input: archive.bytes }).toString().trim().split("\n");
  assert.equal(names.length, 8);
  assert.equal((await world.ask("GET", path.replace("testing", "release"))).status, 404);
});

test("numbers that are none are not found, and nothing of it was a defect", async () => {
  for (const path of ["notifications", "package-repositories", "boot-sources", "boot-resources"])
    for (const id of ["0x1", "-1", "99999999999999999999", "1e3", "%00", "x"])
      assert.equal((await world.ask("GET", `${path}/${id}/`)).status, 404, `${path}/${id}`);
  assert.deepEqual(world.api.defects, []);
});
