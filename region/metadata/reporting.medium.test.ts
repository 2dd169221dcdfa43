import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Database } from "../database/pool.ts";
import { readOutput } from "../scripts/index.ts";
import { addMachine, machineFace, signed } from "./testing.ts";

const start = new Date("2026-01-02T03:04:05.000Z");
const base = "/MAAS/metadata";

describe("reports to the metadata service", () => {
  let face: Awaited<ReturnType<typeof machineFace>>;
  let db: Database;
  before(async () => {
    face = await machineFace({ now: () => start });
    db = face.db;
  });
  after(() => face.close());
  const statusOf = async (id: string) =>
    db.selectFrom("machines").select(["status", "netboot", "waits_for"]).where("id", "=", id).executeTakeFirstOrThrow();
  const eventsOf = (id: string, type: "cloudinit.progress") =>
    db.selectFrom("events").selectAll().where("machine_id", "=", id).where("type", "=", type).orderBy("id").execute();

  const post = (path: string, body: string, type: string, headers: Record<string, string> = {}, from?: string) =>
    face.ask(base + path, {
      method: "POST",
      body,
      headers: { "content-type": type, ...headers },
      ...(from !== undefined && { from }),
    });
  const urlencoded = "application/x-www-form-urlencoded";

  it("takes netboot_off from the machine alone", async () => {
    const one = await addMachine(db, "netb00", "deploying", { now: start });
    const two = await addMachine(db, "netb11", "deploying", { now: start });
    const off = (from?: string) => post("/latest/by-id/netb00/", "op=netboot_off", urlencoded, {}, from);
    assert.equal((await off(two.address)).status, 403);
    assert.equal((await off()).status, 403);
    assert.equal((await statusOf("netb00")).netboot, true);
    assert.equal((await off(one.address)).status, 200);
    assert.deepEqual(await statusOf("netb00"), {
      status: "deploying",
      netboot: false,
      waits_for: "the installed system to start and ask for its user data",
    });
    assert.equal((await off(one.address)).status, 200);
    assert.equal((await post("/latest/", "op=netboot_off", urlencoded, signed(two.credentials))).status, 200);
    assert.equal((await statusOf("netb11")).netboot, false);
    assert.equal(
      (await post("/latest/by-id/netb00/", "op=signal&status=FAILED", urlencoded, {}, one.address)).status,
      400,
    );
  });

  it("takes signals: results, and how a task ended", async () => {
    const form = (fields: Record<string, string>, files: Record<string, string> = {}) => {
      const part = (disposition: string, content: string) =>
        `--b0\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n${content}\r\n`;
      return (
        Object.entries(fields)
          .map(([name, value]) => part(`name="${name}"`, value))
          .join("") +
        Object.entries(files)
          .map(([name, value]) => part(`name="${name}"; filename="${name}"`, value))
          .join("") +
        "--b0--\r\n"
      );
    };
    const send = (credentials: Parameters<typeof signed>[0], body: string) =>
      post("/2012-03-01/", body, "multipart/form-data; boundary=b0", signed(credentials));
    const one = await addMachine(db, "sgn000", "commissioning", { now: start });
    const working = form(
      { op: "signal", status: "WORKING", name: "lshw", exit_status: "0", runtime: "1.5" },
      { lshw: "both", "lshw.out": "<xml/>\0", "lshw.err": "warned" },
    );
    assert.equal((await send(one.credentials, working)).status, 200);
    const result = await db
      .selectFrom("script_results")
      .selectAll()
      .where("machine_id", "=", "sgn000")
      .executeTakeFirstOrThrow();
    assert.deepEqual(
      {
        name: result.name,
        exit: result.exit_status,
        runtime: result.runtime,
        output: (await readOutput(db, result.id, "out")).data.toString(),
        error: (await readOutput(db, result.id, "err")).data.toString(),
      },
      { name: "lshw", exit: 0, runtime: 1.5, output: "<xml/>\0", error: "warned" },
    );
    assert.equal((await send(one.credentials, form({ op: "signal", status: "OK" }))).status, 200);
    assert.equal((await statusOf("sgn000")).status, "ready");
    assert.equal((await send(one.credentials, form({ op: "signal", status: "OK" }))).status, 200);

    const two = await addMachine(db, "sgn111", "deploying", { now: start });
    assert.equal((await send(two.credentials, form({ op: "signal", status: "OK" }))).status, 200);
    assert.equal((await statusOf("sgn111")).status, "deploying");
    await send(two.credentials, form({ op: "signal", status: "FAILED", error: "no disk" }));
    assert.equal((await statusOf("sgn111")).status, "failed deployment");
    const { failure } = await db
      .selectFrom("machines")
      .select("failure")
      .where("id", "=", "sgn111")
      .executeTakeFirstOrThrow();
    assert.equal(failure?.message, "The machine signalled: no disk");

    const three = await addMachine(db, "sgn222", "commissioning", { now: start });
    for (const [fields, word] of [
      [{ op: "signal", status: "GREAT" }, "status"],
      [{ op: "signal" }, "status"],
      [{ op: "signal", status: "OK", name: "x", exit_status: "one" }, "exit_status"],
      [{ op: "signal", status: "OK", runtime: "soon" }, "runtime"],
      [{ op: "explode" }, "op"],
      [{}, "op"],
    ] as const) {
      const refused = await send(three.credentials, form(fields));
      assert.equal(refused.status, 400);
      assert.match(refused.body, new RegExp(`^${word} `));
    }
    for (const body of ["", "--b0", "garbage", "--b0\r\n\r\n"])
      assert.equal((await send(three.credentials, body)).status, 400);
    assert.equal((await statusOf("sgn222")).status, "commissioning");
  });

  it("takes the status webhook of cloud-init", async () => {
    const report = (id: string, credentials: Parameters<typeof signed>[0], body: unknown) =>
      post(
        `/status/${id}`,
        typeof body === "string" ? body : JSON.stringify(body),
        "application/json",
        signed(credentials),
      );
    const one = await addMachine(db, "stat00", "deploying", { now: start, netboot: false });
    const begin = {
      event_type: "start",
      origin: "cloudinit",
      name: "init-network",
      description: "searching",
      timestamp: 1.5,
    };
    assert.equal((await report("stat00", one.credentials, begin)).status, 204);
    const [event] = await eventsOf("stat00", "cloudinit.progress");
    assert.equal(event?.message, "cloudinit start init-network: searching");
    assert.deepEqual(event?.data, {
      origin: "cloudinit",
      name: "init-network",
      event_type: "start",
      result: null,
      timestamp: 1.5,
    });
    const failed = { ...begin, event_type: "finish", result: "FAIL" };
    await report("stat00", one.credentials, { ...failed, name: "modules-config/config-ntp" });
    assert.equal((await statusOf("stat00")).status, "deploying");
    await report("stat00", one.credentials, {
      ...failed,
      files: [{ path: "/var/log/x", encoding: "base64", content: "aGk=" }],
    });
    assert.equal((await statusOf("stat00")).status, "failed deployment");
    const { failure } = await db
      .selectFrom("machines")
      .select("failure")
      .where("id", "=", "stat00")
      .executeTakeFirstOrThrow();
    assert.equal(failure?.code, "cloudinit-failed");
    const file = await db
      .selectFrom("script_results")
      .selectAll()
      .where("machine_id", "=", "stat00")
      .executeTakeFirstOrThrow();
    assert.deepEqual([file.name, (await readOutput(db, file.id, "out")).data.toString()], ["/var/log/x", "hi"]);

    const two = await addMachine(db, "stat11", "commissioning", { now: start });
    await report("stat11", two.credentials, { ...failed, name: "init-network" });
    assert.equal((await statusOf("stat11")).status, "commissioning");
    await report("stat11", two.credentials, { ...failed, name: "modules-final" });
    assert.equal((await statusOf("stat11")).status, "failed commissioning");

    for (const body of ["", "{", "[]", "null", { ...begin, event_type: "middle" }, { event_type: "start" }]) {
      assert.equal((await report("stat11", two.credentials, body)).status, 400);
    }
    assert.equal((await face.ask(`${base}/status/stat11`, { method: "POST", body: "{}" })).status, 401);
  });

  it("refuses bodies beyond 8 MiB", async () => {
    const machine = await addMachine(db, "arg000", "commissioning", { now: start });
    const body = "x".repeat(8 * 1024 * 1024 + 1);
    assert.equal((await post("/latest/", body, urlencoded, signed(machine.credentials))).status, 413);
  });
});
