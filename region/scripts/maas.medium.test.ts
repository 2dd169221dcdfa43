import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Credentials, ScriptParameters, ScriptType } from "@rackwright/contract";
import { json } from "../database/pool.ts";
import type { Database } from "../database/pool.ts";
import { lockMachine } from "../machines/fire.ts";
import { addMachine, machineFace, signed } from "../metadata/testing.ts";
import { testInventory } from "../storage/testing.ts";
import { prepareScripts, readOutput, scriptsArchive } from "./index.ts";
import { listResults } from "./results.ts";
import { createScript } from "./store.ts";
import { testScript } from "./testing.ts";

const start = new Date("2026-01-02T03:04:05.000Z");

describe("scripts for runners of MAAS", () => {
  let face: Awaited<ReturnType<typeof machineFace>>;
  let db: Database;
  before(async () => {
    face = await machineFace({ now: () => start });
    db = face.db;
    for (const yaml of [
      "name: first\ntype: commissioning",
      "name: disk\ntype: testing\nhardware_type: storage\nparallel: any\ntimeout: 60\nresults: [n]\nparameters: {storage: {type: storage}, mode: {type: string, default: x}}",
    ])
      await db
        .transaction()
        .execute((tx) => createScript(tx, { text: testScript(yaml) }, { actor: "root", now: start }));
  });
  after(() => face.close());
  const prepare = (id: string, type: ScriptType, names: string[], parameters?: ScriptParameters) =>
    db.transaction().execute(async (tx) => {
      const machine = await lockMachine(tx, id);
      return prepareScripts(tx, { machine, type, names, parameters, requestedBy: "root", now: start });
    });
  const signal = (
    credentials: Credentials,
    fields: Record<string, string | number>,
    files: Record<string, string> = {},
  ) => {
    const part = (head: string, content: string | number) =>
      `--b0\r\nContent-Disposition: form-data; ${head}\r\n\r\n${content}\r\n`;
    const body =
      Object.entries({ op: "signal", ...fields })
        .map(([name, value]) => part(`name="${name}"`, value))
        .join("") +
      Object.entries(files)
        .map(([name, value]) => part(`name="${name}"; filename="${name}"`, value))
        .join("");
    return face.ask("/MAAS/metadata/2012-03-01/", {
      method: "POST",
      body: `${body}--b0--\r\n`,
      headers: { "content-type": "multipart/form-data; boundary=b0", ...signed(credentials) },
    });
  };
  const resultsOf = async (id: string) => (await listResults(db, id, { history: true }, { limit: 20 })).items;
  const statusOf = async (id: string) =>
    (await db.selectFrom("machines").select("status").where("id", "=", id).executeTakeFirstOrThrow()).status;
  const machine = async (id: string, status: "commissioning" | "testing" | "deployed") => {
    const made = await addMachine(db, id, status, { now: start });
    await db
      .updateTable("machines")
      .set({ inventory: json(testInventory()) })
      .where("id", "=", id)
      .execute();
    return made;
  };

  it("are an archive with an index that tar unpacks", async () => {
    const { credentials } = await machine("mta000", "commissioning");
    const reply = () => face.ask("/MAAS/metadata/latest/maas-scripts", { headers: signed(credentials) });
    assert.equal((await reply()).status, 204);
    await prepare("mta000", "commissioning", ["first"]);
    await prepare("mta000", "testing", ["disk"]);
    const answer = await reply();
    assert.deepEqual([answer.status, answer.headers["content-type"]], [200, "application/x-tar"]);
    const archive = await db
      .transaction()
      .execute(async (tx) => scriptsArchive(tx, await lockMachine(tx, "mta000"), start));
    const folder = await mkdtemp(join(tmpdir(), "rackwright-tar-"));
    try {
      await writeFile(join(folder, "x.tar"), archive ?? "");
      execFileSync("tar", ["-xf", "x.tar"], { cwd: folder });
      assert.match(await readFile(join(folder, "testing/disk"), "utf8"), /^#!\/bin\/sh\n/);
      assert.equal((await stat(join(folder, "commissioning/first"))).mode & 0o777, 0o755);
      const index = JSON.parse(await readFile(join(folder, "index.json"), "utf8")) as Record<
        "1.0",
        Record<string, Record<string, unknown>[]>
      >;
      const [disk] = index["1.0"]["testing_scripts"] ?? [];
      const [result] = await resultsOf("mta000");
      assert.deepEqual(Object.keys(index["1.0"]), ["commissioning_scripts", "testing_scripts"]);
      assert.ok(Number(disk?.["script_version_id"]) > 0);
      assert.deepEqual(
        { ...disk, script_version_id: 0 },
        {
          name: "disk",
          path: "testing/disk",
          script_result_id: result?.id,
          script_version_id: 0,
          timeout_seconds: 60,
          parallel: 2,
          hardware_type: 3,
          parameters: {
            storage: {
              type: "storage",
              value: { name: "vda", id_path: "/dev/disk/by-id/virtio-vda", model: "", serial: "vda" },
            },
            mode: { type: "string", value: "x" },
          },
          packages: { apt: [], snap: [], url: [] },
          for_hardware: [],
          apply_configured_networking: false,
          has_started: false,
          has_finished: false,
          default: false,
          tags: ["storage"],
        },
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("are told of by signals, through tests to ready", async () => {
    const { credentials } = await machine("mtb000", "commissioning");
    await prepare("mtb000", "commissioning", ["first"]);
    await prepare("mtb000", "testing", ["disk"]);
    const [disk, first] = await resultsOf("mtb000");
    assert.equal((await signal(credentials, { status: "WORKING", script_result_id: first?.id ?? 0 })).status, 200);
    assert.equal((await resultsOf("mtb000"))[1]?.status, "running");
    await signal(
      credentials,
      { status: "WORKING", script_result_id: first?.id ?? 0, name: "first", exit_status: 0, runtime: 2 },
      { "first.out": "o", "first.err": "e" },
    );
    assert.equal((await readOutput(db, first?.id ?? 0, "combined")).data.toString(), "oe");
    await signal(credentials, { status: "TESTING" });
    assert.equal(await statusOf("mtb000"), "testing");
    await signal(credentials, { status: "INSTALLING", script_result_id: disk?.id ?? 0 });
    assert.equal((await resultsOf("mtb000"))[0]?.status, "installing dependencies");
    await signal(
      credentials,
      { status: "WORKING", name: "disk", script_result_id: disk?.id ?? 0, exit_status: 0 },
      { disk: "all", "disk.yaml": "status: degraded\nresults: {n: 4}" },
    );
    assert.deepEqual(
      (await resultsOf("mtb000")).map(({ status, results, exit_status }) => [status, results, exit_status]),
      [
        ["degraded", { n: 4 }, 0],
        ["passed", {}, 0],
      ],
    );
    assert.equal((await signal(credentials, { status: "OK" })).status, 200);
    assert.equal(await statusOf("mtb000"), "ready");
  });

  it("make the machine fail, and one that ran out of time does not end the others", async () => {
    const { credentials } = await machine("mtc000", "testing");
    await prepare("mtc000", "testing", ["disk"]);
    const [disk] = await resultsOf("mtc000");
    await signal(credentials, {
      status: "TIMEDOUT",
      name: "disk",
      script_result_id: disk?.id ?? 0,
      exit_status: 124,
      error: "too slow",
    });
    assert.deepEqual([await statusOf("mtc000"), (await resultsOf("mtc000"))[0]?.status], ["testing", "timed out"]);
    await signal(credentials, { status: "FAILED", error: "1 scripts failed to run" });
    const { failure } = await db
      .selectFrom("machines")
      .select("failure")
      .where("id", "=", "mtc000")
      .executeTakeFirstOrThrow();
    assert.deepEqual([await statusOf("mtc000"), failure?.code], ["failed testing", "script-timed-out"]);
    assert.deepEqual(failure?.evidence, ["disk (vda): timed out, exit status 124: too slow"]);
  });

  it("of another machine, or unknown ones, are refused; those nobody asked for are kept and do not count", async () => {
    const { credentials } = await machine("mtd000", "testing");
    await machine("mtd111", "testing");
    await prepare("mtd111", "testing", ["disk"]);
    const [other] = await resultsOf("mtd111");
    for (const id of [other?.id ?? 0, 999_999])
      assert.equal(
        (await signal(credentials, { status: "WORKING", script_result_id: id, exit_status: 0 })).status,
        403,
      );
    assert.equal((await signal(credentials, { status: "WORKING", script_result_id: "x" })).status, 400);
    await signal(credentials, { status: "WORKING", name: "own", exit_status: 3 }, { own: "words" });
    const [own] = await resultsOf("mtd000");
    assert.deepEqual([own?.name, own?.status, own?.suppressed], ["own", "failed", true]);
    await signal(credentials, { status: "OK" });
    assert.equal(await statusOf("mtd000"), "ready");
  });
});
