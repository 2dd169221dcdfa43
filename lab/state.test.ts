import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { parseLabOptions } from "./options.ts";
import { planLab } from "./plan.ts";
import { makeStateDirectory, readState, removeFiles, replaceState, writeNewState } from "./state.ts";

describe("the state file of a lab", () => {
  let parent: string;
  before(async () => {
    parent = await mkdtemp(join(tmpdir(), "rw-state-"));
  });
  after(() => rm(parent, { recursive: true }));
  const stateFor = (stateDirectory: string, ownsDirectory: boolean) =>
    planLab(parseLabOptions({ name: "demo", stateDirectory, machines: 1 }), {
      id: "11111111-2222-4333-8444-555555555555",
      createdAt: "2026-01-01T00:00:00.000Z",
      builder: { pid: 1, startTime: "1", bootId: "b" },
      ownsDirectory,
      supervisor: ["node"],
      bmcPassword: "secret",
    });

  it("is written once, for root's eyes, and replaced in one step", async () => {
    const directory = join(parent, "one");
    assert.equal(await makeStateDirectory(directory), true);
    const state = stateFor(directory, true);
    await writeNewState(state);
    assert.deepEqual(await readState(directory), state);
    assert.equal((await stat(join(directory, "lab.json"))).mode & 0o777, 0o600);
    await assert.rejects(writeNewState(state), /already holds a lab/);
    await replaceState({ ...state, phase: "up" });
    assert.equal((await readState(directory))?.phase, "up");
    assert.deepEqual(await readdir(directory), ["lab.json"]);
  });

  it("goes with the directory the lab made, and spares what it did not make", async () => {
    const own = join(parent, "own");
    await makeStateDirectory(own);
    await writeNewState(stateFor(own, true));
    await removeFiles(stateFor(own, true));
    assert.ok(!(await readdir(parent)).includes("own"));

    const given = join(parent, "given");
    assert.equal(await makeStateDirectory(given), true);
    assert.equal(await makeStateDirectory(given), false);
    await writeFile(join(given, "notes"), "mine");
    await writeFile(join(given, "lab.json.77.draft"), "half");
    await writeNewState(stateFor(given, false));
    await removeFiles(stateFor(given, false));
    assert.deepEqual(await readdir(given), ["notes"]);
  });

  it("lies in a directory that others may pass, such as the user PostgreSQL runs as", async () => {
    assert.equal(await makeStateDirectory(join(parent, "site", "labs", "demo")), true);
    const modeOf = async (...path: string[]) => (await stat(join(parent, ...path))).mode & 0o777;
    assert.equal(await modeOf("site"), 0o755);
    assert.equal(await modeOf("site", "labs"), 0o755);
    assert.equal(await modeOf("site", "labs", "demo"), 0o700);
  });

  it("is not there, or not ours", async () => {
    assert.equal(await readState(join(parent, "nowhere")), undefined);
    await writeFile(join(parent, "lab.json"), '{"version":2}');
    await assert.rejects(readState(parent), /lab\.json is not the state of a lab/);
    await writeFile(join(parent, "lab.json"), "{");
    await assert.rejects(readState(parent), /lab\.json is not the state of a lab/);
  });
});
