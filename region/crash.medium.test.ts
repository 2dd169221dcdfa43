import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { deadlines, writeSettings } from "./settings/settings.ts";
import { testDatabase } from "./database/testing.ts";
import { noLog } from "./log.ts";
import { testMachine } from "./machines/testing.ts";
import { startRegion } from "./region.ts";

let home: string;
before(async () => {
  home = await mkdtemp(join(tmpdir(), "rackwright-crash-"));
  await chmod(home, 0o755);
});
after(() => rm(home, { recursive: true, force: true }));

/** Asks a region over its administrator's socket; null when it is not there. */
function ask(state: string, method: string, path: string): Promise<{ status: number; body: string } | null> {
  return new Promise((resolve) => {
    const asked = request({ socketPath: join(state, "admin.sock"), method, path, timeout: 20_000 }, (response) => {
      let body = "";
      response.on("data", (chunk: Buffer) => (body += chunk.toString()));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
      response.on("error", () => resolve(null));
    });
    asked.on("error", () => resolve(null));
    asked.end();
  });
}

async function until(condition: () => Promise<boolean>, what: string, seconds = 40): Promise<void> {
  for (const end = performance.now() + seconds * 1000; !(await condition()); await sleep(50))
    if (performance.now() > end) assert.fail(`waited in vain for ${what}`);
}

/** A region as a process of its own, whose BMCs take a while for everything. */
const program = `
  import { setTimeout as sleep } from "node:timers/promises";
  import { startRegion } from ${JSON.stringify(join(import.meta.dirname, "region.ts"))};
  const [state, database] = process.argv.slice(1);
  const log = { info() {}, warn() {}, error(fields, message) { process.stderr.write(message + JSON.stringify(fields) + "\\n"); } };
  const power = { perform: async ({ action }) => (await sleep(400), { state: action === "off" ? "off" : "on" }) };
  await startRegion({ state, database, port: 0, listen: "127.0.0.1", images: state, agent: "none", log, power });
`;

test("a region killed again and again leaves no machine in between, no command forgotten, no deadline missed", async () => {
  const { db, url, close } = await testDatabase();
  await writeSettings(db, {
    deadlines: deadlines.parse({
      commissioning: { silence: 20, total: 20 },
      deploying: { silence: 600, total: 600 },
      releasing: { silence: 300, total: 300 },
    }),
  });
  const releasing: string[] = [];
  const commissioning: string[] = [];
  for (let count = 0; count < 12; count++) {
    releasing.push((await testMachine(db, { status: "deployed", owner_id: 1 })).id);
    commissioning.push((await testMachine(db)).id);
  }
  const state = join(home, "killed");
  let region: ChildProcess | null = null;
  const start = async () => {
    region = spawn(process.execPath, ["--input-type=module-typescript", "-e", program, state, url], {
      stdio: ["ignore", "inherit", "inherit"],
    });
    await until(async () => (await ask(state, "GET", "/api/v1/status"))?.status === 200, "the region to serve");
  };
  const kill = async () => {
    const ended = new Promise((resolve) => region?.once("exit", resolve));
    region?.kill("SIGKILL");
    await ended;
  };
  await start();
  for (let round = 0; round < 4; round++) {
    const asked = [
      ...releasing.slice(round * 3, round * 3 + 3).map((id) => [id, "release"]),
      ...commissioning.slice(round * 3, round * 3 + 3).map((id) => [id, "commission"]),
    ];
    const answers = Promise.all(asked.map(([id, action]) => ask(state, "POST", `/api/v1/machines/${id}/${action}`)));
    await sleep([15, 60, 250, 500][round]);
    await kill();
    await answers;
    await start();
    // What was not accepted is asked again, as a client would.
    for (const [id, action] of asked) await ask(state, "POST", `/api/v1/machines/${id}/${action}`);
  }
  const statuses = async (ids: string[]) =>
    [
      ...new Set(
        (await db.selectFrom("machines").select("status").where("id", "in", ids).execute()).map(({ status }) => status),
      ),
    ].join();
  await until(async () => (await statuses(releasing)) === "ready", "all released machines to be ready");
  await until(async () => (await statuses(commissioning)) === "failed commissioning", "all deadlines to fire");
  const failed = await db
    .selectFrom("machines")
    .select(["failure", "power_state", "deadline"])
    .where("id", "in", commissioning)
    .execute();
  for (const machine of failed) {
    // Whether the last command's end was recorded depends on the moment of the kill.
    assert.ok(["no-dhcp-request", "power-not-finished"].includes(machine.failure?.code ?? ""), machine.failure?.code);
    assert.equal(machine.deadline, null);
  }
  await kill();
  await close();
});

test("a region goes on when its database server is killed, and loses nothing", async () => {
  const state = join(home, "database");
  const warnings: string[] = [];
  const region = await startRegion({
    state,
    port: 0,
    listen: "127.0.0.1",
    images: home,
    agent: "none",
    log: { ...noLog, warn: (_fields, message) => void warnings.push(message) },
    power: { perform: async () => ({ state: "on" }) },
  });
  const machines = async () => {
    const answer = await ask(state, "GET", "/api/v1/machines");
    return answer?.status === 200
      ? (JSON.parse(answer.body) as { items: { hostname: string }[] }).items.map(({ hostname }) => hostname)
      : null;
  };
  await new Promise<void>((resolve, reject) => {
    const asked = request(
      {
        socketPath: join(state, "admin.sock"),
        method: "POST",
        path: "/api/v1/machines",
        headers: { "content-type": "application/json" },
      },
      (response) => {
        response.resume().on("end", resolve);
      },
    );
    asked.on("error", reject).end(JSON.stringify({ macs: ["52:54:00:00:00:01"], hostname: "kept" }));
  });
  const pid = Number((await readFile(join(state, "postgres/data/postmaster.pid"), "utf8")).split("\n")[0]);
  process.kill(pid, "SIGKILL");
  await sleep(20);
  const meanwhile = await ask(state, "GET", "/api/v1/machines");
  assert.ok(meanwhile && [200, 503].includes(meanwhile.status), meanwhile?.body);
  await until(async () => (await machines())?.join() === "kept", "the machine to be listed again");
  assert.equal((await ask(state, "DELETE", "/api/v1/nothing"))?.status, 404);
  await assert.rejects(
    startRegion({ state, port: 0, listen: "127.0.0.1", images: home, agent: "none", log: noLog }),
    /already runs on the state folder/,
  );
  await region.stop();
  assert.equal(await ask(state, "GET", "/api/v1/status"), null);
});
