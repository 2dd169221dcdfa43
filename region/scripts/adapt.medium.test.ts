import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { agentTask } from "@rackwright/contract";
import { addMachine, machineFace, signed } from "../metadata/testing.ts";
import { testInventory } from "../storage/testing.ts";
import { prepareScripts } from "./index.ts";
import { lockMachine } from "../machines/fire.ts";
import { createScript } from "./store.ts";
import { testScript } from "./testing.ts";

const now = new Date("2026-01-02T03:04:05.000Z");
let face: Awaited<ReturnType<typeof machineFace>>;
before(async () => {
  face = await machineFace({ now: () => now });
  const text = testScript(
    "name: per-disk\ntype: commissioning\nhardware_type: storage\nparameters: {storage: {type: storage}}",
  );
  await face.db.transaction().execute((tx) => createScript(tx, { text }, { actor: "root", now }));
});
after(() => face.close());

const disk = (name: string, serial: string) => {
  const [first] = testInventory().disks;
  assert.ok(first);
  return { ...first, name, path: `/dev/${name}`, serial };
};

it("runs on devices that are still there keep their numbers when the inventory is taken again", async () => {
  const { id, credentials } = await addMachine(face.db, "adp000", "commissioning", { now });
  await face.db.transaction().execute(async (tx) => {
    const machine = await lockMachine(tx, id);
    return prepareScripts(tx, { machine, type: "commissioning", requestedBy: "root", now });
  });
  let sequence = 0;
  const report = async (...reports: Record<string, unknown>[]) => {
    const numbered = reports.map((one) => ({ sequence: sequence++, at: now.toISOString(), ...one }));
    const { status, body } = await face.ask("/agent/v1/reports", {
      method: "POST",
      body: JSON.stringify({ run: "r", reports: numbered }),
      headers: { "content-type": "application/json", ...signed(credentials) },
    });
    assert.equal(status, 200, body);
  };
  const inventory = (...disks: ReturnType<typeof disk>[]) => ({
    kind: "inventory",
    inventory: testInventory({ disks }),
  });
  const runs = async () => {
    const reply = await face.ask("/agent/v1/task", { headers: signed(credentials) });
    const task = agentTask.parse(JSON.parse(reply.body));
    assert.ok(task.kind === "commission");
    return task.scripts.map(({ result_id, arguments: [given] }) => {
      assert.ok(given?.type === "storage");
      return { result_id, serial: given.value.serial };
    });
  };
  await report(inventory(disk("vda", "A"), disk("vdb", "B"), disk("vdc", "C")));
  const first = await runs();
  assert.deepEqual(
    first.map(({ serial }) => serial),
    ["A", "B", "C"],
  );
  await report(inventory(disk("vda", "A"), disk("vdb", "B"), disk("vdc", "C")));
  assert.deepEqual(await runs(), first);
  await report(inventory(disk("vda", "A"), disk("vdc", "C"), disk("vdb", "new")));
  const [a, c, b] = await runs();
  assert.deepEqual([a, c], [first[0], first[2]]);
  assert.equal(b?.serial, "new");
  // What the agent was told first is what it reports on.
  await report({ kind: "script", result_id: first[0]?.result_id, status: "passed", exit_status: 0 });
});
