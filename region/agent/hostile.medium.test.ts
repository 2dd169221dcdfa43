import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import type { MachineStatus } from "@rackwright/contract";
import { json } from "../database/pool.ts";
import { fire } from "../machines/fire.ts";
import { addLease, addMachine, machineFace, signed } from "../metadata/testing.ts";
import { testCard, testInventory } from "../storage/testing.ts";

// Events get the database's time where the region gives none: both clocks are the real one.
const now = new Date();
let face: Awaited<ReturnType<typeof machineFace>>;
before(async () => void (face = await machineFace({ now: () => new Date() })));
after(() => face.close());

type Report = Record<string, unknown> & { kind: string };
const row = (id: string) => face.db.selectFrom("machines").selectAll().where("id", "=", id).executeTakeFirstOrThrow();
const post = (path: string, body: unknown, more: { headers?: Record<string, string>; from?: string } = {}) =>
  face.ask(path, {
    method: "POST",
    body: JSON.stringify(body),
    ...more,
    headers: { "content-type": "application/json", ...more.headers },
  });

/** A machine in that status, and a way for the agent on it to report. */
async function agentOn(id: string, status: MachineStatus, run = () => "r") {
  const { credentials } = await addMachine(face.db, id, status, { now });
  let sequence = 0;
  return async (...reports: Report[]) => {
    const numbered = reports.map((one) => ({ sequence: sequence++, at: now.toISOString(), ...one }));
    const reply = await post("/agent/v1/reports", { run: run(), reports: numbered }, { headers: signed(credentials) });
    assert.equal(reply.status, 200, reply.body);
  };
}

it("an agent that begins anew without end leaves no more than its newest runs", async () => {
  let runs = 0;
  const report = await agentOn("hst999", "commissioning", () => `run-${runs}`);
  for (; runs < 130; runs++) await report({ kind: "heartbeat" });
  const kept = await face.db.selectFrom("agent_runs").select("run").where("machine_id", "=", "hst999").execute();
  assert.ok(kept.length <= 101, `${kept.length} runs`);
  assert.ok(kept.some(({ run }) => run === "run-129"));
});

it("no number a machine tells keeps it from ending its task", async () => {
  const change = (machineId: string, data: object) =>
    face.db
      .insertInto("events")
      .values({ type: "machine.status", message: "x", at: now, machine_id: machineId, data: json(data) })
      .execute();
  for (const [id, number] of [
    ["hst000", -1e300],
    ["hst111", 1e300],
    ["hst222", 1e15],
  ] as const) {
    const report = await agentOn(id, "commissioning");
    await change(id, { from: "new", to: "commissioning", trigger: "commission" });
    const decided = { type: "boot.decided" as const, message: "x", at: now, machine_id: id };
    await face.db
      .insertInto("events")
      .values({ ...decided, data: json({ purpose: "commission" }) })
      .execute();
    await report(
      { kind: "started", task: "commission", agent: "v24", uptime: number },
      { kind: "step", step: "s", title: "S", state: "done", seconds: number },
      { kind: "result", name: "x", exit_status: 9e15, runtime: number, output: "", error: "" },
      { kind: "inventory", inventory: testInventory() },
      { kind: "finished", outcome: "ok" },
    );
    assert.equal((await row(id)).status, "ready");
    const { count } = await face.db
      .selectFrom("phase_times")
      .select(({ fn }) => fn.countAll<number>().as("count"))
      .where("machine_id", "=", id)
      .executeTakeFirstOrThrow();
    assert.ok(count >= 2, "its times are kept");
  }
});

it("words of hardware without end are cut, and the machine is kept all the same", async () => {
  const report = await agentOn("hst333", "commissioning");
  const found = testInventory();
  // Text that no compression makes short enough for an index.
  const endless = Array.from({ length: 6000 }, (_, index) => String.fromCodePoint(0x4e00 + ((index * 7919) % 20_000)));
  const dmi = { ...found.dmi, system_vendor: endless.join(""), system_product: endless.toReversed().join("") };
  await report(
    { kind: "inventory", inventory: { ...found, dmi: { ...dmi, system_serial: endless.join("") } } },
    { kind: "finished", outcome: "ok" },
  );
  const kept = await row("hst333");
  assert.equal(kept.status, "ready");
  assert.deepEqual([kept.serial?.length, kept.inventory?.dmi.system_vendor?.length], [256, 256]);
});

it("an inventory of more parts than any machine has is refused, naming what is allowed", async () => {
  const { credentials } = await addMachine(face.db, "hstaaa", "commissioning", { now });
  const [disk] = testInventory().disks;
  const disks = Array.from({ length: 4096 }, (_, index) => ({ ...disk, name: `sd${index}`, model: "m".repeat(256) }));
  const inventory = { ...testInventory(), disks, kernel_command_line: "x".repeat(8000) };
  const modaliases = Array.from({ length: 2000 }, (_, index) => `${index}`.padEnd(500, "y"));
  const report = { sequence: 0, at: now.toISOString(), kind: "inventory", inventory: { ...inventory, modaliases } };
  const reply = await post("/agent/v1/reports", { run: "r", reports: [report] }, { headers: signed(credentials) });
  assert.equal(reply.status, 400);
  const { failures } = JSON.parse(reply.body) as { failures: { field: string; allowed: string }[] };
  assert.deepEqual(
    failures.map(({ field, allowed }) => [field, /at most 2000000 characters/.test(allowed)]),
    [["reports.0.inventory", true]],
  );
});

it("how its BMC is reached, a machine tells in commissioning only; what it is made of, too", async () => {
  const given = { power_address: "192.0.2.1", power_user: "root", power_pass: "operator's" };
  const mine = { power_address: "192.0.2.1", power_user: "evil", power_pass: "machine's" };
  for (const [id, status] of [
    ["hst444", "rescue mode"],
    ["hst555", "testing"],
    ["hst666", "deploying"],
    ["hst777", "disk erasing"],
  ] as const) {
    const report = await agentOn(id, status);
    const power = { power_driver: "ipmi", power_parameters: json(given) } as const;
    await face.db.updateTable("machines").set(power).where("id", "=", id).execute();
    await report(
      { kind: "bmc", bmc: { driver: "ipmi", parameters: mine } },
      { kind: "inventory", inventory: testInventory() },
    );
    const after = await row(id);
    assert.deepEqual(after.power_parameters, given);
    assert.equal(after.inventory, null);
  }
});

it("who enlists changes no account on a BMC that can be asked", async () => {
  const mac = "52:54:00:ee:00:01";
  await addLease(face.db, mac, "10.61.0.1", new Date(now.getTime() + 60_000));
  const enlist = (power_pass: string) =>
    post(
      "/agent/v1/enlist",
      {
        architecture: "amd64",
        firmware: "bios",
        uuid: null,
        serial: null,
        interfaces: [testCard("eth0", mac, { boot: true })],
        bmc: { driver: "ipmi", parameters: { power_address: "192.0.2.9", power_user: "u", power_pass } },
      },
      { from: "10.61.0.1" },
    );
  assert.equal((await enlist("first")).status, 200);
  assert.equal((await enlist("second")).status, 200);
  const { machine_id } = await face.db
    .selectFrom("interfaces")
    .select("machine_id")
    .where("mac", "=", mac)
    .$narrowType<{ machine_id: string }>()
    .executeTakeFirstOrThrow();
  assert.equal((await row(machine_id)).power_parameters["power_pass"], "first");
  await face.db
    .transaction()
    .execute((tx) => fire(tx, { machineId: machine_id, trigger: "abort", actor: "root", now }));
});

it("what a deployed system tells changes neither what commissioning found nor the machine's tags", async () => {
  const { id, credentials } = await addMachine(face.db, "hst888", "commissioning", { now });
  const tell = async (name: string, output: string) => {
    const body = new URLSearchParams({ op: "signal", status: "WORKING", name, exit_status: "0" });
    const file = `--b\r\nContent-Disposition: form-data; name="${name}"; filename="x"\r\n\r\n${output}\r\n--b--\r\n`;
    const fields = [...body].map(
      ([field, value]) => `--b\r\nContent-Disposition: form-data; name="${field}"\r\n\r\n${value}\r\n`,
    );
    const reply = await face.ask("/MAAS/metadata/latest/", {
      method: "POST",
      body: fields.join("") + file,
      headers: { "content-type": "multipart/form-data; boundary=b", ...signed(credentials) },
    });
    assert.equal(reply.status, 200, reply.body);
  };
  const lshw = () =>
    face.db
      .selectFrom("machine_lshw")
      .select((eb) => eb.cast<string>("document", "text").as("text"))
      .where("machine_id", "=", id)
      .executeTakeFirst();
  await tell("lshw", "<list/>");
  assert.equal((await lshw())?.text, "<list/>");
  await face.db.updateTable("machines").set({ status: "deployed", installed: true }).where("id", "=", id).execute();
  await tell("lshw", "<list><forged/></list>");
  for (let index = 0; index < 101; index++) await tell(`own-${index}`, "x");
  assert.equal((await lshw())?.text, "<list/>");
  const kept = await face.db
    .selectFrom("script_results as r")
    .innerJoin("script_sets as s", "s.id", "r.set_id")
    .select(["s.type", ({ fn }) => fn.countAll<number>().as("count")])
    .where("r.machine_id", "=", id)
    .groupBy("s.type")
    .orderBy("s.type")
    .execute();
  assert.deepEqual(kept, [
    { type: "commissioning", count: 1 },
    { type: "installation", count: 100 },
  ]);
  const told = await face.db
    .selectFrom("events")
    .select("message")
    .where("machine_id", "=", id)
    .where("level", "=", "warning")
    .execute();
  assert.deepEqual(
    told.map(({ message }) => message),
    ["own-99", "own-100"].map((name) => `The result ${name} is not kept: the machine told 100 of its own already.`),
  );
});
