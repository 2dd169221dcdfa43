import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { script, scriptDetail } from "@rackwright/contract";
import { systemClock } from "../clock.ts";
import { buildApp } from "../http/app.ts";
import { type TestApi, testApi } from "../http/testing.ts";
import { noLog } from "../log.ts";
import { lockMachine } from "../machines/fire.ts";
import { everywhere } from "../users/access.ts";
import { testMachine } from "../machines/testing.ts";
import { appendOutput } from "./output.ts";
import { endScripts, keepResult, prepareScripts } from "./index.ts";
import { registerResultRoutes } from "./result-routes.ts";
import { createScript, replaceText } from "./store.ts";
import { testScript } from "./testing.ts";

describe("routes of scripts and results", () => {
  let api: TestApi;
  before(async () => {
    api = await testApi({ local: true });
  });
  after(() => api.close());
  type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  const ask = async (method: Method, url: string, payload?: string | Buffer | object, type?: string) => {
    const answer = await api.app.inject({
      method,
      url: `/api/v1${url}`,
      ...(payload !== undefined && { payload }),
      ...(type !== undefined && { headers: { "content-type": type } }),
    });
    const json = /json/.test(String(answer.headers["content-type"]));
    return {
      status: answer.statusCode,
      body: json ? answer.json<Record<string, unknown>>() : {},
      text: answer.body,
      headers: answer.headers,
    };
  };

  it("take a script as text, as a file of a form and as JSON", async () => {
    const text = testScript("type: testing\ntitle: One");
    assert.equal((await ask("POST", "/scripts?name=as-text&comment=why", text, "text/plain")).status, 201);
    assert.equal((await ask("POST", "/scripts?name=as-sh", text, "text/x-shellscript")).status, 201);
    assert.equal((await ask("POST", "/scripts", { text, name: "as-json" })).status, 201);
    const part = (head: string, content: string) =>
      `--b\r\nContent-Disposition: form-data; ${head}\r\n\r\n${content}\r\n`;
    const form = `${part('name="name"', "as-file")}${part('name="script"; filename="x.sh"', text)}--b--\r\n`;
    const made = await ask("POST", "/scripts", form, "multipart/form-data; boundary=b");
    assert.equal(made.status, 201, made.text);
    assert.deepEqual([scriptDetail.parse(made.body).text, scriptDetail.parse(made.body).title], [text, "One"]);
    assert.equal((await ask("GET", "/scripts/as-file/text")).text, text);
    const { items } = (await ask("GET", "/scripts?type=testing&limit=2&q=as-")).body as { items: unknown[] };
    assert.deepEqual(
      items.map((one) => script.parse(one).name),
      ["as-file", "as-json"],
    );
  });

  it("refuse what is no script, with the field and what is allowed", async () => {
    const refused = async (payload: string | Buffer | object, type?: string) => {
      const answer = await ask("POST", "/scripts?name=bad", payload, type);
      const { code, failures } = answer.body as { code: string; failures?: { field: string; allowed: string }[] };
      return [answer.status, code, failures?.[0]?.field];
    };
    assert.deepEqual(await refused(Buffer.from([0x23, 0x21, 0x2f, 0xff, 0xfe]), "text/plain"), [
      400,
      "bad-input",
      "text",
    ]);
    assert.deepEqual(await refused("#!/bin/sh\n\0", "text/plain"), [400, "bad-input", "text"]);
    assert.deepEqual(await refused("echo", "text/plain"), [400, "script-header-invalid", "text"]);
    assert.deepEqual(await refused(testScript("timeout: x"), "text/plain"), [
      400,
      "script-header-invalid",
      "header.timeout",
    ]);
    assert.deepEqual(await refused(testScript("name: other"), "text/plain"), [400, "bad-input", "name"]);
    assert.deepEqual(await refused(`#!/bin/sh\n${"x".repeat(1024 * 1024)}`, "text/plain"), [400, "bad-input", "text"]);
    assert.equal((await refused("x".repeat(9 * 1024 * 1024), "text/plain"))[0], 413);
    assert.deepEqual(await refused("--b--", "multipart/form-data; boundary=b"), [400, "bad-input", "body"]);
    assert.equal((await ask("POST", "/scripts?name=17", "#!/bin/sh\n", "text/plain")).status, 400);
    assert.equal((await ask("POST", "/scripts", testScript(""), "text/plain")).status, 400);
  });

  it("change, list, revert, copy and delete, each with one event of who did it", async () => {
    const since = async () => {
      const { rows } = {
        rows: await api.database.db
          .selectFrom("events")
          .select(["message", "actor"])
          .where("type", "=", "script.changed")
          .orderBy("id")
          .execute(),
      };
      return rows.map(({ message, actor }) => `${actor}: ${message}`);
    };
    const before = (await since()).length;
    const [one, two] = [
      testScript("name: life\ntimeout: 1\ntags: a"),
      testScript("name: life\ntitle: New\ntimeout: 2\ntags: b"),
    ];
    await ask("POST", "/scripts", { text: one });
    assert.equal((await ask("POST", "/scripts", { text: one })).status, 409);
    const changed = await ask("PUT", "/scripts/life/text", two, "text/plain");
    assert.deepEqual([changed.body["title"], changed.body["timeout"], changed.body["tags"]], ["New", 1, ["a", "node"]]);
    await ask("PUT", "/scripts/life/text", two, "text/plain");
    const { items } = (await ask("GET", "/scripts/life/versions")).body as { items: { id: number }[] };
    assert.equal(items.length, 2);
    const patched = await ask("PATCH", "/scripts/life", { tags: ["c"], timeout: 9 });
    assert.deepEqual([patched.body["timeout"], patched.body["tags"]], [9, ["c", "node"]]);
    const reverted = await ask("POST", "/scripts/life/revert", { version: items[1]?.id });
    assert.deepEqual([reverted.body["text"], reverted.body["timeout"]], [one, 9]);
    assert.equal((await ask("POST", "/scripts/life/revert", { version: 999 })).status, 404);
    const copied = await ask("POST", "/scripts/life/copy", { name: "second-life" });
    assert.equal(copied.body["text"], one.replace("name: life", "name: second-life"));
    assert.equal((await ask("GET", `/scripts/life/text?version=${items[0]?.id}`)).text, two);
    assert.equal((await ask("DELETE", "/scripts/life")).status, 204);
    assert.equal((await ask("GET", "/scripts/life")).status, 404);
    const texts = await api.database.db.selectFrom("script_versions").select("id").where("name", "=", "life").execute();
    assert.equal(texts.length, 3);
    const words = [
      "made script life",
      "changed script life",
      "changed script life",
      "reverted script life",
      "made script second-life",
      "deleted script life",
    ];
    const [actor] = (await since())[before]?.split(":") ?? [];
    assert.deepEqual(
      (await since()).slice(before),
      words.map((what) => `${actor}: ${actor} ${what}`),
    );
  });

  it("leave built-in scripts alone", async () => {
    const by = { actor: "region", now: new Date() };
    const { db } = api.database;
    await db.transaction().execute((tx) => createScript(tx, { text: testScript("name: ours"), builtin: true }, by));
    for (const [method, url, body] of [
      ["PUT", "/scripts/ours/text", { text: testScript("name: ours\ntitle: x") }],
      ["PATCH", "/scripts/ours", { timeout: 5, title: "Mine" }],
      ["POST", "/scripts/ours/revert", { version: 1 }],
      ["DELETE", "/scripts/ours", undefined],
    ] as const) {
      const answer = await ask(method, url, body);
      assert.deepEqual([answer.status, /cannot be changed/.test(String(answer.body["detail"]))], [409, true]);
      assert.match(String(answer.body["next"]), /Copy it/);
    }
    assert.equal((await ask("PATCH", "/scripts/ours", { timeout: 5, tags: ["mine"] })).status, 200);
    assert.equal((await ask("POST", "/scripts/ours/copy", { name: "mine" })).body["builtin"], false);

    // What the operator set stays when a new version comes; the rest follows it.
    const text = testScript("name: ours\ntitle: New\ntimeout: 60\ntags: theirs");
    await db.transaction().execute((tx) => replaceText(tx, "ours", text, by, { builtin: true }));
    const { title, timeout, tags } = script.parse((await ask("GET", "/scripts/ours")).body);
    assert.deepEqual([title, timeout, tags.includes("mine"), tags.includes("theirs")], ["New", 5, true, false]);
  });

  it("show results, their output while they run, and let failures not count", async () => {
    const { db } = api.database;
    const { id } = await testMachine(db, { status: "testing" });
    await ask("POST", "/scripts", { text: testScript("name: talker") });
    const set = await db.transaction().execute(async (tx) =>
      prepareScripts(tx, {
        machine: await lockMachine(tx, id),
        type: "testing",
        names: ["talker"],
        requestedBy: "root",
        now: new Date(),
      }),
    );
    const listed = (await ask("GET", `/machines/${id}/results?status=pending,running&type=testing&set=${set.set_id}`))
      .body as { items: { id: number; name: string }[] };
    const [result] = listed.items;
    assert.equal(result?.name, "talker");
    const url = `/results/${result?.id}/output`;
    const write = (offset: number, text: string) =>
      db
        .transaction()
        .execute((tx) => appendOutput(tx, result?.id ?? 0, [{ stream: "out", offset, data: Buffer.from(text) }]));
    await write(0, "hello ");
    const first = await ask("GET", url);
    assert.deepEqual(
      [first.text, first.headers["x-next-offset"], first.headers["x-result-status"]],
      ["hello ", "6", "pending"],
    );
    assert.equal((await ask("GET", `${url}?offset=6`)).text, "");
    const [second] = await Promise.all([ask("GET", `${url}?offset=6&wait=30`), write(6, "world")]);
    assert.equal(second.text, "world");
    const end = () =>
      db.transaction().execute((tx) => endScripts(tx, id, { status: "failed", error: "it broke", now: new Date() }));
    const app = buildApp({ log: noLog });
    app.decorateRequest("caller", { getter: () => ({ id: 1, username: "root", administrator: true }) });
    registerResultRoutes(app, { db, clock: systemClock, signal: new AbortController().signal, waitLimit: 1 });
    const follow = async () => app.inject({ url: `/api/v1${url}?offset=11&wait=30` });
    // Of two, one waits.
    const both = [follow(), follow()];
    const refused = await Promise.race(both);
    assert.deepEqual([refused.statusCode, refused.json<{ code: string }>().code], [503, "too-many-streams"]);
    const [third] = await Promise.all([ask("GET", `${url}?offset=11&wait=30`), end()]);
    const told = (await Promise.all(both)).map(({ statusCode }) => statusCode);
    assert.deepEqual(new Set(told), new Set([200, 503]));
    assert.equal((await follow()).statusCode, 200, "there is room again");
    await app.close();
    assert.deepEqual([third.text, third.headers["x-result-status"]], ["", "failed"]);
    assert.equal((await ask("GET", `${url}?stream=err`)).text, "");
    assert.equal((await ask("GET", `${url}?stream=video`)).status, 400);
    const suppressed = await ask("POST", `/results/${result?.id}/suppress`);
    assert.deepEqual([suppressed.body["suppressed"], suppressed.body["error"]], [true, "it broke"]);
    assert.equal((await ask("POST", `/results/${result?.id}/unsuppress`)).body["suppressed"], false);
    assert.equal((await ask("GET", "/results/999999")).status, 404);
    assert.equal((await ask("GET", "/machines/000000/results")).status, 404);
    assert.deepEqual(api.defects, []);
  });

  it("keep what was found on a machine for its owner and administrators", async () => {
    const { db } = api.database;
    const people = await db
      .insertInto("users")
      .values(["owner", "other"].map((username) => ({ username, password_hash: "x", administrator: false })))
      .returning(["id", "username", "administrator"])
      .execute();
    const { id } = await testMachine(db, { status: "deployed" });
    await db.transaction().execute(async (tx) => {
      const machine = await lockMachine(tx, id);
      const told = { name: "cloud-init-output.log", out: Buffer.from("password: hush"), err: Buffer.alloc(0) };
      await keepResult(tx, machine, told, new Date());
    });
    const [result] = await db.selectFrom("script_results").select("id").where("machine_id", "=", id).execute();
    const statuses = async (person: (typeof people)[number] | undefined) => {
      const caller = person && { ...person, grants: everywhere("user") };
      const app = buildApp({ log: noLog });
      app.decorateRequest("caller", { getter: () => caller ?? null });
      registerResultRoutes(app, { db, clock: systemClock, signal: new AbortController().signal });
      const urls = [`machines/${id}/results`, `results/${result?.id}`, `results/${result?.id}/output`];
      const answers = await Promise.all(urls.map(async (url) => app.inject({ url: `/api/v1/${url}` })));
      await app.close();
      return answers.map(({ statusCode }) => statusCode);
    };
    const [owner, other] = people;
    // As long as nobody has the machine, everybody may know what it is like.
    assert.deepEqual(await statuses(other), [200, 200, 200]);
    await db.updateTable("machines").set({ owner_id: owner?.id }).where("id", "=", id).execute();
    assert.deepEqual(await statuses(owner), [200, 200, 200]);
    assert.deepEqual(await statuses(other), [404, 404, 404]);
    assert.deepEqual(await statuses(undefined), [401, 401, 401]);
  });
});
