import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { agentReportsAnswer, agentTask, enlistAnswer, problem } from "@rackwright/contract";
import type { Credentials, Failure } from "@rackwright/contract";
import fc from "fast-check";
import { json } from "../database/pool.ts";
import type { Database } from "../database/pool.ts";
import { addLease, addMachine, machineFace, signed, testBundle } from "../metadata/testing.ts";
import { queueStaleQueries } from "../power/query.ts";
import { readOutput } from "../scripts/index.ts";
import { writeSettings } from "../settings/settings.ts";
import { testCard, testImage, testInventory } from "../storage/testing.ts";

const start = new Date("2026-01-02T03:04:05.000Z");
const at = start.toISOString();
const failure: Failure = { code: "disk-missing", message: "No disk.", evidence: ["lsblk: nothing"], next: "Add one." };
type Report = Record<string, unknown> & { kind: string };

describe("agent routes", () => {
  let face: Awaited<ReturnType<typeof machineFace>>;
  let db: Database;
  before(async () => {
    face = await machineFace({ now: () => start });
    db = face.db;
    await writeSettings(db, { enlist: "commission" });
    const { name, architecture, files } = testImage;
    await db
      .insertInto("images")
      .values({
        name,
        architecture,
        kind: "deployable",
        title: "Debian 12",
        os: "debian",
        release: "12",
        recipe: "0".repeat(64),
        built_at: start,
        files: json(files),
      })
      .execute();
  });
  after(() => face.close());

  const row = (id: string) => db.selectFrom("machines").selectAll().where("id", "=", id).executeTakeFirstOrThrow();
  const eventsOf = (id: string) =>
    db.selectFrom("events").selectAll().where("machine_id", "=", id).orderBy("id").execute();
  const post = (path: string, body: unknown, headers: Record<string, string> = {}, from?: string) =>
    face.ask(path, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: typeof body === "string" ? body : JSON.stringify(body),
      ...(from !== undefined && { from }),
    });
  const report = async (credentials: Credentials, run: string, reports: Report[], first = 0) => {
    const numbered = reports.map((entry, index) => ({ sequence: first + index, at, ...entry }));
    const reply = await post("/agent/v1/reports", { run, reports: numbered }, signed(credentials));
    assert.equal(reply.status, 200, reply.body);
    return agentReportsAnswer.parse(JSON.parse(reply.body));
  };
  const task = async (credentials: Credentials) => {
    const reply = await face.ask("/agent/v1/task", { headers: signed(credentials) });
    assert.equal(reply.status, 200, reply.body);
    return agentTask.parse(JSON.parse(reply.body));
  };
  const enlistment = (...macs: string[]) => ({
    architecture: "amd64",
    firmware: "bios",
    uuid: null,
    serial: null,
    interfaces: macs.map((mac, index) => testCard(`eth${index}`, mac, { boot: index === 0 })),
    bmc: null,
  });
  const lease = (mac: string, address: string) => addLease(db, mac, address, new Date(start.getTime() + 60_000));

  describe("enlist", () => {
    it("takes a machine through enlisting into commissioning in the same boot", async () => {
      await lease("52:54:00:aa:00:01", "10.60.0.1");
      const ask = () => post("/agent/v1/enlist", enlistment("52:54:00:aa:00:01", "52:54:00:aa:00:02"), {}, "10.60.0.1");
      const answer = enlistAnswer.parse(JSON.parse((await ask()).body));
      assert.equal(answer.next, "task");
      assert.ok(answer.credentials);
      const machine = await row(answer.system_id);
      assert.equal(machine.status, "commissioning");
      assert.equal(machine.waits_for, "the agent to report its next step");
      assert.deepEqual(await task(answer.credentials), {
        kind: "commission",
        system_id: answer.system_id,
        configure_bmc: true,
        scripts: [],
        afterwards: "poweroff",
      });
      const again = enlistAnswer.parse(JSON.parse((await ask()).body));
      assert.deepEqual(again, answer, "a repeated question gets the same answer");
    });

    it("lets an operator decide where the setting says so", async () => {
      await writeSettings(db, { enlist: "hold" });
      await lease("52:54:00:aa:01:01", "10.60.1.1");
      const reply = await post("/agent/v1/enlist", enlistment("52:54:00:aa:01:01"), {}, "10.60.1.1");
      await writeSettings(db, { enlist: "commission" });
      const answer = enlistAnswer.parse(JSON.parse(reply.body));
      assert.deepEqual([answer.credentials, answer.next], [null, "poweroff"]);
      assert.equal((await row(answer.system_id)).status, "new");
    });

    it("believes only who speaks from the address leased to one of the cards", async () => {
      await lease("52:54:00:aa:02:01", "10.60.2.1");
      for (const [body, from] of [
        [enlistment("52:54:00:aa:02:02"), "10.60.2.1"],
        [enlistment("52:54:00:aa:02:01"), "10.60.2.9"],
        [enlistment("52:54:00:aa:02:01"), undefined],
      ] as const) {
        const reply = await post("/agent/v1/enlist", body, {}, from);
        assert.equal(reply.status, 403);
        assert.equal(problem.parse(JSON.parse(reply.body)).code, "not-allowed");
      }
      assert.equal(
        (await db.selectFrom("interfaces").select("id").where("mac", "like", "52:54:00:aa:02:%").execute()).length,
        0,
      );
    });

    it("neither gives away nor changes another machine", async () => {
      for (const [id, status] of [
        ["taken0", "commissioning"],
        ["taken1", "deployed"],
        ["taken2", "deploying"],
      ] as const) {
        const victim = await addMachine(db, id.replace("i", "1"), status, { now: start });
        const mine = `52:54:00:aa:03:0${id.at(-1)}`;
        await lease(mine, `10.60.3.${10 + Number(id.at(-1))}`);
        const body = {
          ...enlistment(mine, victim.mac),
          bmc: { driver: "ipmi", parameters: { power_address: "10.66.6.6" } },
        };
        const before = await row(victim.id);
        const reply = await post("/agent/v1/enlist", body, {}, `10.60.3.${10 + Number(id.at(-1))}`);
        const answer = enlistAnswer.parse(JSON.parse(reply.body));
        assert.deepEqual([answer.credentials, answer.next], [null, "poweroff"]);
        assert.deepEqual(await row(victim.id), before);
        const cards = await db.selectFrom("interfaces").select("mac").where("machine_id", "=", victim.id).execute();
        assert.deepEqual(cards, [{ mac: victim.mac }]);
        assert.deepEqual(
          (await eventsOf(victim.id)).map(({ type }) => type),
          ["metadata.denied"],
        );
      }
    });

    it("says which field is wrong", async () => {
      const reply = await post("/agent/v1/enlist", { ...enlistment("52:54:00:aa:04:01"), architecture: "z80" });
      assert.equal(reply.status, 400);
      assert.equal(problem.parse(JSON.parse(reply.body)).failures?.[0]?.field, "architecture");
      assert.equal((await post("/agent/v1/enlist", "{")).status, 400);
      assert.equal((await post("/agent/v1/enlist", enlistment())).status, 400);
    });
  });

  describe("task", () => {
    it("is an installation by plan for a machine that is deployed", async () => {
      const machine = await addMachine(db, "task00", "deploying", { now: start, image: "debian-12" });
      await db
        .updateTable("machines")
        .set({ inventory: json(testInventory()) })
        .where("id", "=", machine.id)
        .execute();
      const found = await task(machine.credentials);
      assert.equal(found.kind, "install");
      assert.ok(found.kind === "install");
      assert.equal(found.plan.hostname, "host-task00");
      assert.equal(found.plan.source.path, `/images/${"d".repeat(64)}/squashfs`);
      assert.match(found.plan.write_files[0]?.content ?? "", new RegExp(machine.credentials.token_secret));
      assert.match(found.plan.write_files[0]?.content ?? "", /http:\/\/10\.0\.0\.1:5248\/MAAS\/metadata\//);
      assert.deepEqual(await task(machine.credentials), found);
    });

    it("fails a deployment that cannot be planned, with the reason", async () => {
      for (const [id, image, inventory, code] of [
        ["task11", "debian-12", testInventory({ disks: [] }), "disk-missing"],
        ["task22", "debian-12", null, "inventory-missing"],
        ["task33", "gone", testInventory(), "image-missing"],
      ] as const) {
        const machine = await addMachine(db, id, "deploying", { now: start, image });
        if (inventory)
          await db
            .updateTable("machines")
            .set({ inventory: json(inventory) })
            .where("id", "=", id)
            .execute();
        assert.equal((await task(machine.credentials)).kind, "poweroff");
        const after = await row(id);
        assert.deepEqual([after.status, after.failure?.code], ["failed deployment", code]);
      }
    });

    it("is to power off in every other status", async () => {
      for (const [id, status] of [
        ["task44", "ready"],
        ["task55", "deployed"],
        ["task66", "failed commissioning"],
      ] as const) {
        const machine = await addMachine(db, id, status, { now: start });
        assert.deepEqual(await task(machine.credentials), {
          kind: "poweroff",
          system_id: id,
          reason: `the machine is ${status}, there is nothing to do`,
        });
      }
    });

    it("leaves a BMC account of the operator alone", async () => {
      const machine = await addMachine(db, "task77", "commissioning", { now: start });
      const power = { power_driver: "ipmi", power_parameters: json({ power_user: "root", power_pass: "x" }) } as const;
      await db.updateTable("machines").set(power).where("id", "=", "task77").execute();
      const found = await task(machine.credentials);
      assert.equal(found.kind === "commission" && found.configure_bmc, false);
    });
  });

  describe("reports", () => {
    const commissioning: Report[] = [
      { kind: "started", task: "commission", agent: "v24", uptime: 34.56 },
      { kind: "step", step: "inventory", title: "Taking inventory", state: "started" },
      { kind: "inventory", inventory: testInventory() },
      { kind: "progress", step: "inventory", percent: 50, message: "half" },
      { kind: "step", step: "inventory", title: "Taking inventory", state: "done", seconds: 1.5 },
      { kind: "result", name: "lshw", exit_status: 0, runtime: 2.5, output: "<xml>\0\ud800", error: "" },
      { kind: "log", lines: ["one", "two"] },
      { kind: "heartbeat" },
    ];

    it("are kept, each once, in order", async () => {
      const { id, credentials } = await addMachine(db, "rep000", "commissioning", { now: start });
      assert.deepEqual(await report(credentials, "run", commissioning.slice(0, 4)), {
        through: 3,
        stop: false,
        again: false,
      });
      assert.deepEqual((await row(id)).progress, { step: "inventory", title: "Taking inventory", percent: 50 });
      assert.deepEqual(await report(credentials, "run", commissioning), { through: 7, stop: false, again: false });
      assert.deepEqual(await report(credentials, "run", commissioning.slice(0, 2)), {
        through: 7,
        stop: false,
        again: false,
      });
      const events = await eventsOf(id);
      assert.deepEqual(
        events.map(({ type, message, level }) => [type, message, level]),
        [
          ["machine.inventory", "1 CPU thread, 1 GiB memory, 1 disk (17 GB), 2 network cards", "info"],
          ["agent.started", "agent started: commission, 34.6 s after the kernel", "info"],
          ["agent.step", "Taking inventory: started", "info"],
          ["agent.progress", "inventory 50%: half", "debug"],
          ["agent.step", "Taking inventory: done", "info"],
          ["agent.result", "lshw ended with 0", "info"],
          ["agent.log", "one", "debug"],
        ],
      );
      const [result] = await db.selectFrom("script_results").selectAll().where("machine_id", "=", id).execute();
      assert.deepEqual([result?.name, result?.status], ["lshw", "passed"]);
      assert.equal((await readOutput(db, result?.id ?? 0, "out")).data.toString(), "<xml>\uFFFD\uFFFD");
      assert.equal((await row(id)).inventory?.memory.total, 1024 ** 3);
      assert.deepEqual(await report(credentials, "run", [{ kind: "finished", outcome: "ok" }], 8), {
        through: 8,
        stop: false,
        again: false,
      });
      assert.equal((await row(id)).status, "ready");
      assert.deepEqual(await report(credentials, "run", [{ kind: "heartbeat" }], 9), {
        through: 9,
        stop: true,
        again: false,
      });
    });

    it("of two at the same moment count once", async () => {
      const { id, credentials } = await addMachine(db, "rep111", "commissioning", { now: start });
      const answers = await Promise.all([1, 2, 3].map(() => report(credentials, "run", commissioning.slice(0, 2))));
      assert.deepEqual(
        answers,
        Array.from({ length: 3 }, () => ({ through: 1, stop: false, again: false })),
      );
      assert.equal((await eventsOf(id)).length, 2);
    });

    it("end a task well or badly", async () => {
      const passed = await addMachine(db, "rep222", "deploying", { now: start });
      await report(passed.credentials, "r", [{ kind: "finished", outcome: "ok" }, { kind: "heartbeat" }]);
      const installed = await row("rep222");
      assert.deepEqual([installed.status, installed.netboot], ["deploying", false]);
      assert.equal(installed.waits_for, "the installed system to start and ask for its user data");

      for (const [id, status, expected] of [
        ["rep333", "deploying", "failed deployment"],
        ["rep444", "commissioning", "failed commissioning"],
      ] as const) {
        const machine = await addMachine(db, id, status, { now: start });
        await report(machine.credentials, "r", [{ kind: "finished", outcome: "failed", failure }]);
        const after = await row(id);
        assert.equal(after.status, expected);
        assert.deepEqual(after.failure, failure);
      }
      const bare = await addMachine(db, "rep555", "commissioning", { now: start });
      await report(bare.credentials, "r", [{ kind: "finished", outcome: "ok" }]);
      assert.equal((await row("rep555")).failure?.code, "inventory-missing");
    });

    it("that end a task have the BMC asked once the machine had time to switch itself off", async () => {
      const { id, credentials } = await addMachine(db, "rep599", "commissioning", { now: start });
      const power = { power_driver: "ipmi", power_state: "on", power_checked_at: start } as const;
      await db.updateTable("machines").set(power).where("id", "=", id).execute();
      await report(credentials, "r", [...commissioning, { kind: "finished", outcome: "ok" }]);
      const askedAfter = async (seconds: number) => {
        await queueStaleQueries(db, new Date(start.getTime() + seconds * 1000));
        return (await row(id)).power_checked_at;
      };
      const before = await askedAfter(10);
      assert.ok(before !== null && before < start, "not while it is still on its way down");
      assert.deepEqual(await askedAfter(30), new Date(start.getTime() + 30_000));
    });

    it("that end a task get the same answer again when the first was lost on its way", async () => {
      const { id, credentials } = await addMachine(db, "rep600", "deploying", { now: start });
      const finished: Report[] = [{ kind: "finished", outcome: "ok" }];
      const first = await report(credentials, "r", finished);
      assert.deepEqual(await report(credentials, "r", finished), first);
      assert.deepEqual(first, { through: 0, stop: false, again: false });
      assert.equal((await eventsOf(id)).filter(({ type }) => type === "agent.finished").length, 1);
    });

    it("of an earlier life are dropped, and the agent is told to stop", async () => {
      const { id, credentials } = await addMachine(db, "rep666", "commissioning", { now: start });
      await report(credentials, "old", [{ kind: "started", task: "commission", agent: "v24", uptime: 1 }]);
      const count = (await eventsOf(id)).length;
      await db
        .updateTable("machines")
        .set(({ eb }) => ({ generation: eb("generation", "+", 1) }))
        .where("id", "=", id)
        .execute();
      const finished: Report = { kind: "finished", outcome: "failed", failure };
      assert.deepEqual(await report(credentials, "old", [finished], 1), { through: 1, stop: true, again: false });
      assert.equal((await row(id)).status, "commissioning");
      assert.equal((await eventsOf(id)).length, count);
      assert.equal((await report(credentials, "new", [{ kind: "heartbeat" }])).stop, false);
    });

    it("are refused without the machine's present credentials", async () => {
      const { credentials } = await addMachine(db, "rep777", "commissioning", { now: start });
      const body = { run: "r", reports: [{ kind: "heartbeat", sequence: 0, at }] };
      const wrong = { ...credentials, token_secret: "x" };
      for (const headers of [{}, signed(wrong)]) {
        const reply = await post("/agent/v1/reports", body, headers);
        assert.equal(reply.status, 401);
        assert.match(reply.headers["content-type"] ?? "", /^application\/problem\+json\b/);
        assert.equal((await face.ask("/agent/v1/task", { headers })).status, 401);
      }
      await db.deleteFrom("machine_credentials").where("machine_id", "=", "rep777").execute();
      assert.equal((await post("/agent/v1/reports", body, signed(credentials))).status, 401);
    });

    it("are bounded", async () => {
      const { credentials } = await addMachine(db, "rep888", "commissioning", { now: start });
      const huge = { run: "r", reports: [{ kind: "log", sequence: 0, at, lines: Array(5000).fill("x".repeat(1999)) }] };
      assert.equal((await post("/agent/v1/reports", huge, signed(credentials))).status, 413);
      for (const bad of [
        {},
        { run: "r", reports: [] },
        { run: "r", reports: [{ kind: "heartbeat", sequence: -1, at }] },
        { run: "r", reports: [{ kind: "nonsense", sequence: 0, at }] },
        { run: "r".repeat(65), reports: [{ kind: "heartbeat", sequence: 0, at }] },
      ]) {
        const reply = await post("/agent/v1/reports", bad, signed(credentials));
        assert.equal(reply.status, 400);
        assert.ok(problem.parse(JSON.parse(reply.body)).failures?.[0]?.field);
      }
    });

    it("with anything in them never break the route", async () => {
      const { credentials } = await addMachine(db, "rep999", "commissioning", { now: start });
      const text = fc.string({ unit: "binary", maxLength: 60 });
      const anyReport = fc.oneof(
        fc.record({
          kind: fc.constant("step"),
          step: text,
          title: text,
          state: fc.constantFrom("started", "done", "failed"),
        }),
        fc.record({ kind: fc.constant("log"), lines: fc.array(text, { maxLength: 5 }) }),
        fc.record({
          kind: fc.constant("progress"),
          step: text,
          percent: fc.double({ min: 0, max: 100, noNaN: true }),
          message: text,
        }),
        fc.record({
          kind: fc.constant("result"),
          name: text,
          output: text,
          error: text,
          exit_status: fc.maxSafeInteger(),
          runtime: fc.double({ noNaN: true, noDefaultInfinity: true }),
        }),
        fc.record({
          kind: fc.constant("started"),
          task: text,
          agent: text,
          uptime: fc.double({ noNaN: true, noDefaultInfinity: true }),
        }),
        fc.constant({
          kind: "inventory",
          inventory: testInventory({ kernel: "\0\ud800", interfaces: [testCard("\0", "52:54:00:00:00:01")] }),
        }),
        fc.constant({ kind: "bmc", bmc: { driver: "ipmi", parameters: { power_address: "\0", "\0": "\udfff" } } }),
        fc.object(),
      );
      let first = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(anyReport, { minLength: 1, maxLength: 4 }), text, async (reports, run) => {
          const numbered = reports.map((entry, index) => ({ sequence: first + index, at, ...entry }));
          first += reports.length;
          const reply = await post("/agent/v1/reports", { run, reports: numbered }, signed(credentials));
          assert.ok(reply.status === 200 || reply.status === 400, `${reply.status} ${reply.body}`);
        }),
        { numRuns: 150 },
      );
    });
  });

  it("serves the agent's bundle by its hash", async () => {
    const reply = await face.ask("/agent/v1/bundle");
    assert.equal(reply.body, testBundle);
    const etag = `"${createHash("sha256").update(testBundle).digest("hex")}"`;
    assert.equal(reply.headers.etag, etag);
    assert.equal((await face.ask("/agent/v1/bundle", { headers: { "if-none-match": etag } })).status, 304);
  });
});
