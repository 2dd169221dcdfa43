import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type Credentials, agentReportsAnswer, agentTask, problem, type ScriptParameters } from "@rackwright/contract";
import { json } from "../database/pool.ts";
import type { Database } from "../database/pool.ts";
import { InputError, StateConflict } from "../errors.ts";
import { noLog } from "../log.ts";
import { lockMachine } from "../machines/fire.ts";
import { addMachine, machineFace, signed } from "../metadata/testing.ts";
import { writeSettings } from "../settings/settings.ts";
import { testInventory } from "../storage/testing.ts";
import { loadBuiltins, prepareScripts, readOutput, sweepScripts } from "./index.ts";
import { listResults, readResult } from "./results.ts";
import { suppressResult } from "./suppress.ts";
import { createScript, replaceText } from "./store.ts";
import { deleteScript } from "./change.ts";
import { testScript } from "./testing.ts";

const start = new Date("2026-01-02T03:04:05.000Z");
const at = start.toISOString();
type Report = Record<string, unknown> & { kind: string };
const disks = ["vda", "vdb"].map((name) => ({
  ...testInventory().disks[0],
  name,
  path: `/dev/${name}`,
  serial: `S-${name}`,
}));

describe("scripts of an agent", () => {
  let face: Awaited<ReturnType<typeof machineFace>>;
  let db: Database;
  let now = start;
  before(async () => {
    face = await machineFace({ now: () => now });
    db = face.db;
    for (const yaml of [
      "name: plain\ntype: commissioning\ntimeout: 60",
      "name: by-hardware\ntype: commissioning\nfor_hardware: system_vendor:Acme*",
      "name: other-hardware\ntype: commissioning\nfor_hardware: pci:dead:beef",
      "name: by-hand\ntype: commissioning\ntags: noauto",
      "name: disk-test\ntype: testing\ntags: commissioning\nhardware_type: storage\nparallel: instance\n" +
        "results: [iops]\nparameters: {storage: {type: storage}, seconds: {type: runtime, default: 90}}",
      "name: key-test\ntype: testing\nparameters: {key: {type: password, min: 3}, level: {type: choice, choices: [a, b]}}",
      "name: wrecker\ntype: testing\ndestructive: true",
      "name: restarter\ntype: testing\nmay_reboot: true",
      "name: wipe\ntype: release\ndestructive: true",
    ])
      await db
        .transaction()
        .execute((tx) => createScript(tx, { text: testScript(yaml) }, { actor: "root", now: start }));
  });
  after(() => face.close());

  const prepare = (
    machineId: string,
    type: "commissioning" | "testing" | "release",
    names?: string[] | "none",
    parameters?: ScriptParameters,
  ) =>
    db.transaction().execute(async (tx) => {
      const machine = await lockMachine(tx, machineId);
      return prepareScripts(tx, { machine, type, names, parameters, requestedBy: "root", now });
    });
  const task = async (credentials: Credentials) =>
    agentTask.parse(JSON.parse((await face.ask("/agent/v1/task", { headers: signed(credentials) })).body));
  const runsOf = async (credentials: Credentials) => {
    const found = await task(credentials);
    return "scripts" in found ? found.scripts : [];
  };
  const send = (credentials: Credentials, run: string, reports: Report[], first = 0) =>
    face.ask("/agent/v1/reports", {
      method: "POST",
      body: JSON.stringify({ run, reports: reports.map((one, index) => ({ sequence: first + index, at, ...one })) }),
      headers: { "content-type": "application/json", ...signed(credentials) },
    });
  const report = async (credentials: Credentials, run: string, reports: Report[], first = 0) => {
    const reply = await send(credentials, run, reports, first);
    assert.equal(reply.status, 200, reply.body);
    return agentReportsAnswer.parse(JSON.parse(reply.body));
  };
  const output = (result_id: number, offset: number, data: string | Buffer, stream = "out"): Report => ({
    kind: "output",
    result_id,
    stream,
    offset,
    data: Buffer.from(data).toString("base64"),
  });
  const ended = (result_id: number, status: string, more: Record<string, unknown> = {}): Report => ({
    kind: "script",
    result_id,
    status,
    ...more,
  });
  const row = (id: string) => db.selectFrom("machines").selectAll().where("id", "=", id).executeTakeFirstOrThrow();
  const inventory = testInventory({ disks: disks as never });
  const acme = { ...inventory, dmi: { ...inventory.dmi, system_vendor: "Acme Inc." } };
  const setInventory = (id: string) =>
    db
      .updateTable("machines")
      .set({ inventory: json(inventory) })
      .where("id", "=", id)
      .execute();
  const text = async (id: number, stream: "out" | "err" | "combined" = "combined") =>
    (await readOutput(db, id, stream)).data.toString();

  it("go from commissioning through hardware found on the way and tests to ready", async () => {
    const { id, credentials } = await addMachine(db, "sca000", "commissioning", { now: start });
    assert.equal((await prepare(id, "commissioning")).count, 1);
    assert.equal((await prepare(id, "testing")).count, 1);
    const first = await task(credentials);
    assert.ok(first.kind === "commission");
    assert.deepEqual(
      first.scripts.map(({ name, timeout_seconds, started }) => [name, timeout_seconds, started]),
      [["plain", 60, false]],
    );
    const [plain] = first.scripts;
    const fetched = await face.ask(`/agent/v1/scripts/${plain?.sha256}`, { headers: signed(credentials) });
    assert.equal(fetched.body, testScript("name: plain\ntype: commissioning\ntimeout: 60"));
    await report(credentials, "r", [
      { kind: "started", task: "commission", agent: "v24", uptime: 1 },
      { kind: "inventory", inventory: acme },
      ended(plain?.result_id ?? 0, "running"),
      output(plain?.result_id ?? 0, 0, "hello\n"),
      ended(plain?.result_id ?? 0, "passed", { exit_status: 0, runtime: 1.5 }),
    ]);
    const [added, ...none] = await runsOf(credentials);
    assert.deepEqual([added?.name, none], ["by-hardware", []]);
    const passed = await report(credentials, "r", [ended(added?.result_id ?? 0, "passed", { exit_status: 0 })], 5);
    assert.equal(passed.again, false);
    assert.deepEqual(await runsOf(credentials), []);
    const answer = await report(credentials, "r", [{ kind: "finished", outcome: "ok" }], 6);
    assert.deepEqual(answer, { through: 6, stop: false, again: true });
    const repeated = await report(credentials, "r", [{ kind: "finished", outcome: "ok" }], 6);
    assert.deepEqual(repeated, answer, "an answer that was lost on its way is given again");
    assert.equal((await row(id)).status, "testing");
    assert.equal((await face.ask(`/agent/v1/scripts/${plain?.sha256}`, { headers: signed(credentials) })).status, 404);

    const tests = await task(credentials);
    assert.ok(tests.kind === "test");
    assert.deepEqual(
      tests.scripts.map(({ name, timeout_seconds, arguments: values }) => [
        name,
        timeout_seconds,
        values[0]?.value,
        values[1]?.value,
      ]),
      disks.map(({ name, path, model, serial }) => ["disk-test", 90, { name, path, model, serial }, "90"]),
    );
    const [one, two] = tests.scripts;
    // The same run of the agent goes on, and a new one would do as well.
    const last = await report(
      credentials,
      "r",
      [ended(one?.result_id ?? 0, "passed", { result: "results: {iops: 12}" })],
      7,
    );
    assert.equal(last.stop, false);
    await report(credentials, "r2", [ended(two?.result_id ?? 0, "degraded")]);
    await report(credentials, "r2", [{ kind: "finished", outcome: "ok" }], 1);
    assert.equal((await row(id)).status, "ready");
    const { items } = await listResults(db, id, {}, { limit: 10 });
    assert.deepEqual(items.map(({ name, device, status, results }) => [name, device, status, results]).toReversed(), [
      ["plain", null, "passed", {}],
      ["by-hardware", null, "passed", {}],
      ["disk-test", "vda", "passed", { iops: 12 }],
      ["disk-test", "vdb", "degraded", {}],
    ]);
  });

  it("that fail make the machine fail, with the cause and the last output; suppressed ones do not", async () => {
    for (const [id, status, code] of [
      ["scb000", "failed", "script-failed"],
      ["scb111", "timed out", "script-timed-out"],
      ["scb222", "failed installing dependencies", "packages-not-installed"],
      ["scb333", "failed applying network configuration", "network-not-applied"],
    ] as const) {
      const { credentials } = await addMachine(db, id, "testing", { now: start });
      await setInventory(id);
      await prepare(id, "testing", ["disk-test"]);
      const [one, two] = await runsOf(credentials);
      await report(credentials, "r", [
        ended(one?.result_id ?? 0, status, { exit_status: 5, error: "it broke" }),
        output(two?.result_id ?? 0, 0, "fine"),
        output(one?.result_id ?? 0, 0, "first\nlast \u001b[31mwords\n", "err"),
        ended(two?.result_id ?? 0, "passed"),
        { kind: "finished", outcome: "ok" },
      ]);
      const { failure, status: after } = await row(id);
      assert.deepEqual([after, failure?.code], ["failed testing", code]);
      assert.deepEqual(failure?.evidence, [
        `disk-test (vda): ${status}, exit status 5: it broke`,
        "  first",
        "  last words",
      ]);
      if (code === "script-failed")
        assert.match(failure?.next ?? "", /\(rackwright machines results scb000 --output disk-test\)/);
    }
    const { credentials } = await addMachine(db, "scb444", "testing", { now: start });
    await setInventory("scb444");
    await prepare("scb444", "testing", ["disk-test"]);
    const [one, two] = await runsOf(credentials);
    await report(credentials, "r", [ended(one?.result_id ?? 0, "failed"), ended(two?.result_id ?? 0, "passed")]);
    const by = { actor: "root", now };
    await assert.rejects(
      db.transaction().execute((tx) => suppressResult(tx, two?.result_id ?? 0, true, by)),
      StateConflict,
    );
    await db.transaction().execute((tx) => suppressResult(tx, one?.result_id ?? 0, true, by));
    await report(credentials, "r", [{ kind: "finished", outcome: "ok" }], 2);
    assert.equal((await row("scb444")).status, "ready");
  });

  it("a failure that was suppressed does not count in the next runs either, until the script passed once", async () => {
    const { credentials } = await addMachine(db, "scb555", "testing", { now: start });
    await setInventory("scb555");
    const suppressed: boolean[][] = [];
    for (const statuses of [
      ["failed", "failed"],
      ["failed", "passed"],
      ["failed", "failed"],
    ] as const) {
      await prepare("scb555", "testing", ["disk-test"]);
      const runs = await runsOf(credentials);
      await report(
        credentials,
        "r",
        runs.map((run, at) => ended(run.result_id, statuses[at] ?? "passed")),
        3 * suppressed.length,
      );
      const ids = runs.map(({ result_id }) => result_id);
      const { items } = await listResults(db, "scb555", {}, { limit: 10 });
      suppressed.push(
        items
          .filter(({ id }) => ids.includes(id))
          .map((one) => one.suppressed)
          .toReversed(),
      );
      if (suppressed.length === 1)
        for (const id of ids)
          await db.transaction().execute((tx) => suppressResult(tx, id, true, { actor: "root", now }));
    }
    assert.deepEqual(suppressed, [
      [false, false],
      [true, true],
      [true, false],
    ]);
  });

  it("that were not run did not pass", async () => {
    const { credentials } = await addMachine(db, "scc000", "testing", { now: start });
    await prepare("scc000", "testing", ["key-test"], { "key-test": { key: "secret", level: "a" } });
    await report(credentials, "r", [{ kind: "finished", outcome: "ok" }]);
    assert.equal((await row("scc000")).failure?.code, "script-not-run");
  });

  it("are asked for by names and tags, and refused with what is allowed", async () => {
    const { id } = await addMachine(db, "scd000", "testing", { now: start });
    await setInventory(id);
    const refused = async (
      pattern: RegExp,
      ...wish: Parameters<typeof prepare> extends [string, ...infer R] ? R : never
    ) =>
      assert.rejects(prepare(id, ...wish), (error: unknown) => {
        assert.ok(error instanceof InputError, String(error));
        assert.match(`${error.message} ${JSON.stringify(error.failures)}`, pattern);
        assert.doesNotMatch(`${error.message} ${JSON.stringify(error.failures)}`, /hunter2/);
        return true;
      });
    await refused(
      /^testing_scripts must be names or tags of testing scripts; there are: disk-test, key-test/,
      "testing",
      ["nonsense"],
    );
    await refused(/names or tags of testing/, "testing", ["plain"]);
    await refused(/has no parameter 'colour'.*one of storage, seconds/, "testing", ["disk-test"], {
      "disk-test": { colour: "red" },
    });
    await refused(/names no device 'vdz'; there are: all, vda, vdb/, "testing", ["disk-test"], {
      "disk-test": { storage: "vda,vdz" },
    });
    await refused(/seconds or HH:MM:SS/, "testing", ["disk-test"], { "disk-test": { seconds: "long" } });
    await refused(/key is required/, "testing", ["key-test"], { "key-test": { level: "a" } });
    await refused(/level 'c' must be one of a, b/, "testing", ["key-test"], {
      "key-test": { key: "hunter2", level: "c" },
    });
    await refused(/at least 30 characters|at least 3 characters/, "testing", ["key-test"], {
      "key-test": { key: "x", level: "a" },
    });
    await refused(/names a script that would not run/, "testing", ["key-test"], { "disk-test": {} });
    await refused(/names no script there is/, "testing", ["disk-test"], { "no-such": {} });
    const choose = async (names: string[] | "none" | undefined, type: "commissioning" | "testing" = "testing") => {
      const { set_id } = await prepare(id, type, names);
      const { items } = await listResults(db, id, { set: set_id }, { limit: 100 });
      return items.map(({ name, device }) => (device === null ? name : `${name} ${device}`)).sort();
    };
    assert.deepEqual(await choose(undefined), ["disk-test vda", "disk-test vdb"]);
    assert.deepEqual(await choose(["storage", "wrecker"]), ["disk-test vda", "disk-test vdb", "wrecker"]);
    assert.deepEqual(await choose("none"), []);
    assert.deepEqual(await choose(undefined, "commissioning"), ["plain"]);
    assert.deepEqual(await choose(["by-hand", "by-hardware"], "commissioning"), ["by-hand", "by-hardware"]);
    const { set_id } = await prepare(id, "testing", ["disk-test"], { "disk-test": { storage: "S-vdb" } });
    assert.deepEqual(
      (await listResults(db, id, { set: set_id }, { limit: 9 })).items.map(({ device }) => device),
      ["vdb"],
    );
    await db.updateTable("machines").set({ status: "deployed" }).where("id", "=", id).execute();
    await assert.rejects(prepare(id, "testing", ["wrecker"]), StateConflict);
    await prepare(id, "release", ["wipe"]);
  });

  it("keep passwords to themselves", async () => {
    const { credentials } = await addMachine(db, "sce000", "testing", { now: start });
    await prepare("sce000", "testing", ["key-test"], { "key-test": { key: "hunter2", level: "a" } });
    const [run] = await runsOf(credentials);
    assert.equal(run?.arguments[0]?.value, "hunter2");
    const id = run?.result_id ?? 0;
    assert.deepEqual((await readResult(db, id)).parameters, { key: "(hidden)", level: "a" });
    await report(credentials, "r", [ended(id, "passed")]);
    const stored = await db.selectFrom("script_results").selectAll().where("id", "=", id).executeTakeFirstOrThrow();
    const events = await db.selectFrom("events").selectAll().where("machine_id", "=", "sce000").execute();
    assert.doesNotMatch(JSON.stringify([stored, events]), /hunter2/);
    assert.deepEqual((await readResult(db, id)).parameters, { key: "(hidden)", level: "a" });
  });

  it("of a machine without the device fail, and are made anew when it comes", async () => {
    const { id, credentials } = await addMachine(db, "scf000", "commissioning", { now: start });
    await db
      .updateTable("machines")
      .set({ inventory: json({ ...inventory, disks: [] }) })
      .where("id", "=", id)
      .execute();
    await prepare(id, "commissioning", "none");
    await prepare(id, "testing", ["disk-test"]);
    const devices = async () =>
      (await listResults(db, id, { type: "testing" }, { limit: 9 })).items.map((one) => [
        one.device,
        one.status,
        one.error,
      ]);
    assert.deepEqual(await devices(), [[null, "failed", "The machine has no disk that storage 'all' stands for."]]);
    await report(credentials, "r", [{ kind: "inventory", inventory }]);
    assert.deepEqual(await devices(), [
      ["vdb", "pending", null],
      ["vda", "pending", null],
    ]);
  });

  it("may restart the machine, if they say so", async () => {
    const { credentials } = await addMachine(db, "scg000", "testing", { now: start });
    await prepare("scg000", "testing", ["restarter", "wrecker"]);
    const [restarter, wrecker] = await runsOf(credentials);
    const [a, b] = [restarter?.result_id ?? 0, wrecker?.result_id ?? 0];
    await report(credentials, "one", [
      ended(a, "running"),
      ended(b, "running"),
      output(a, 0, "before\n"),
      output(b, 0, "cut"),
    ]);
    assert.deepEqual(
      (await runsOf(credentials)).map(({ name, started }) => [name, started]),
      [["restarter", true]],
    );
    await report(credentials, "two", [{ kind: "started", task: "test", agent: "v24", uptime: 1 }]);
    assert.equal((await readResult(db, b)).error, "The machine or its agent restarted while the script ran.");
    await report(credentials, "two", [ended(a, "running"), output(a, 0, "after\n"), ended(a, "passed")], 1);
    assert.equal(await text(a), "before\nafter\n");
  });

  it("are swept when their end is never told, and what is told later changes nothing", async () => {
    const { credentials } = await addMachine(db, "sch000", "testing", { now: start });
    await setInventory("sch000");
    await prepare("sch000", "testing", ["disk-test", "wrecker"]);
    const runs = await runsOf(credentials);
    const ids = runs.map(({ result_id }) => result_id);
    await report(
      credentials,
      "r",
      ids.map((id) => ended(id, "running")),
    );
    const later = (seconds: number) => sweepScripts(db, new Date(start.getTime() + seconds * 1000));
    assert.deepEqual(await later(389), []);
    assert.deepEqual(await later(391), ids.slice(0, 2));
    assert.deepEqual(await later(391), []);
    await report(credentials, "r", [ended(ids[0] ?? 0, "passed")], 10);
    assert.equal((await readResult(db, ids[0] ?? 0)).status, "timed out");
    assert.equal((await readResult(db, ids[2] ?? 0)).status, "running");
  });

  it("are refused in reports of another machine, of older scripts, and with old credentials", async () => {
    const one = await addMachine(db, "sck000", "testing", { now: start });
    const two = await addMachine(db, "sck111", "testing", { now: start });
    for (const id of ["sck000", "sck111"]) await prepare(id, "testing", ["wrecker"]);
    const [run] = await runsOf(one.credentials);
    const id = run?.result_id ?? 0;
    const refused = async (credentials: Credentials, reports: Report[], runName = "x") => {
      const reply = await send(credentials, runName, reports);
      return [reply.status, problem.parse(JSON.parse(reply.body)).detail] as const;
    };
    assert.deepEqual(await refused(two.credentials, [ended(id, "passed")]), [
      403,
      `Result ${id} is none of machine sck111.`,
    ]);
    assert.deepEqual(await refused(two.credentials, [output(id, 0, "x")]), [
      403,
      `Result ${id} is none of machine sck111.`,
    ]);
    assert.deepEqual(await refused(two.credentials, [ended(999_999, "passed")]), [
      403,
      "Result 999999 is none of machine sck111.",
    ]);
    assert.equal(
      (await face.ask(`/agent/v1/scripts/${"0".repeat(64)}`, { headers: signed(one.credentials) })).status,
      404,
    );
    assert.equal((await face.ask("/agent/v1/scripts/xyz", { headers: signed(one.credentials) })).status, 400);
    assert.equal((await face.ask(`/agent/v1/scripts/${run?.sha256}`)).status, 401);
    await prepare("sck000", "testing", ["restarter"]);
    const [status, detail] = await refused(one.credentials, [ended(id, "passed")]);
    assert.deepEqual([status, /over since/.test(detail)], [409, true]);
    assert.equal((await readResult(db, id)).status, "aborted");
    await db.deleteFrom("machine_credentials").where("machine_id", "=", "sck000").execute();
    assert.equal((await refused(one.credentials, [ended(id, "passed")]))[0], 401);
  });

  it("with a wrong or huge result file fail, with the reason", async () => {
    const { id: machine, credentials } = await addMachine(db, "scm000", "testing", { now: start });
    await db
      .updateTable("machines")
      .set({ inventory: json({ ...inventory, disks: [disks[0]] }) })
      .where("id", "=", machine)
      .execute();
    for (const [result, status, error] of [
      ["status: degraded", "degraded", null],
      ["status: timedout", "timed out", null],
      ["results: {iops: [1, 2, x]}\nlink_connected: false", "passed", null],
      ["results: {speed: 1}", "failed", /'speed', which its header does not declare; those are: iops/],
      ["status: splendid", "failed", /must be one of passed, failed/],
      ["{", "failed", /cannot be read/],
      ["results: {iops: {a: 1}}", "failed", /a value or a list/],
      ["x".repeat(300 * 1024), "failed", /has 307200 bytes; at most 262144 are taken/],
    ] as const) {
      await prepare(machine, "testing", ["disk-test"]);
      const [run] = await runsOf(credentials);
      await report(credentials, `r${result.slice(0, 20)}`, [ended(run?.result_id ?? 0, "passed", { result })]);
      const found = await readResult(db, run?.result_id ?? 0);
      assert.equal(found.status, status);
      if (error === null) assert.equal(found.error, null);
      else assert.match(found.error ?? "", error);
    }
    const huge = await send(credentials, "huge", [ended(1, "passed", { result: "x".repeat(2_000_000) })]);
    assert.equal(huge.status, 400);
    const hundred = await send(credentials, "huge", [
      ended(1, "passed", { result: "x".repeat(100 * 1024 * 1024) }),
    ]).catch(() => null);
    assert.ok(hundred === null || hundred.status === 413);
  });

  it("are kept for the last sets only", async () => {
    const { id } = await addMachine(db, "scn000", "testing", { now: start });
    await writeSettings(db, { script_history: 3 });
    const sets: number[] = [];
    for (let n = 0; n < 5; n++) sets.push((await prepare(id, "testing", ["wrecker"])).set_id);
    await prepare(id, "commissioning");
    const { items } = await listResults(db, id, { type: "testing", history: true }, { limit: 9 });
    assert.deepEqual(
      items.map(({ set_id }) => set_id),
      sets.slice(2).toReversed(),
    );
    assert.deepEqual((await listResults(db, id, {}, { limit: 9 })).items.length, 2);
  });

  it("that were asked for run as they were then, also when they are changed or deleted", async () => {
    const { id, credentials } = await addMachine(db, "scp000", "testing", { now: start });
    const by = { actor: "root", now };
    const old = testScript("name: changing\ntimeout: 7");
    await db.transaction().execute((tx) => createScript(tx, { text: old }, by));
    await prepare(id, "testing", ["changing"]);
    await db
      .transaction()
      .execute((tx) => replaceText(tx, "changing", testScript("name: changing\ntimeout: 9", "false"), by));
    await db.transaction().execute((tx) => deleteScript(tx, "changing", by));
    const [run] = await runsOf(credentials);
    assert.equal(run?.timeout_seconds, 7);
    assert.equal((await face.ask(`/agent/v1/scripts/${run?.sha256}`, { headers: signed(credentials) })).body, old);
  });

  it("that come with Rackwright are loaded once, follow their files, and take their names", async () => {
    await db
      .transaction()
      .execute((tx) => createScript(tx, { text: testScript("name: mine") }, { actor: "alice", now }));
    const { mkdtemp, mkdir, writeFile, rm } = await import("node:fs/promises");
    const folder = await mkdtemp("/tmp/rackwright-builtin-");
    await mkdir(`${folder}/testing`);
    const write = (name: string, yaml: string) => writeFile(`${folder}/testing/${name}`, testScript(yaml));
    const load = () => loadBuiltins(db, { now, log: noLog, folder });
    const versions = async () =>
      (
        await db
          .selectFrom("script_versions as v")
          .innerJoin("scripts as s", "s.id", "v.script_id")
          .select(["s.name", "s.timeout"])
          .where("s.builtin", "=", true)
          .orderBy("v.id")
          .execute()
      ).map(({ name, timeout }) => `${name} ${timeout}`);
    await write("mine", "name: mine\ntimeout: 1");
    await write("yours", "timeout: 2");
    await Promise.all([load(), load()]);
    assert.deepEqual((await versions()).sort(), ["mine 1", "yours 2"]);
    await write("yours", "timeout: 3");
    await rm(`${folder}/testing/mine`);
    await load();
    assert.deepEqual(await versions(), ["yours 3", "yours 3"]);
    const kept = await db.selectFrom("scripts").select("name").where("name", "like", "mine%").execute();
    assert.deepEqual(kept, [{ name: "mine.local" }]);
    await assert.rejects(
      db.transaction().execute((tx) => deleteScript(tx, "yours", { actor: "alice", now })),
      /cannot be changed/,
    );
    await rm(folder, { recursive: true });
  });
});
