import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { after, before, test } from "node:test";
import { type Credentials, agentReportsAnswer, agentTask } from "@rackwright/contract";
import { openNotifications } from "../database/listen.ts";
import { json } from "../database/pool.ts";
import { noLog } from "../log.ts";
import { lockMachine } from "../machines/fire.ts";
import { addMachine, machineFace, signed } from "../metadata/testing.ts";
import { prepareScripts } from "../scripts/index.ts";
import { createScript } from "../scripts/store.ts";
import { testScript } from "../scripts/testing.ts";
import { testImage, testInventory } from "../storage/testing.ts";
import { setTags, startTagger } from "./index.ts";
import { createTag } from "./tags.ts";

const now = new Date("2026-01-02T03:04:05.000Z");
const by = { actor: "root", now };
let face: Awaited<ReturnType<typeof machineFace>>;
before(async () => (face = await machineFace({ now: () => now })));
after(() => face.close());

const tag = (name: string, more: object) =>
  createTag(face.db, { name, comment: "", kernel_options: "", definition: null, definition_kind: null, ...more }, by);
const report = async (credentials: Credentials, run: string, ...reports: object[]) => {
  const numbered = reports.map((one, sequence) => ({ sequence, at: now.toISOString(), ...one }));
  const reply = await face.ask("/agent/v1/reports", {
    method: "POST",
    body: JSON.stringify({ run, reports: numbered }),
    headers: { "content-type": "application/json", ...signed(credentials) },
  });
  assert.equal(reply.status, 200, reply.body);
  return agentReportsAnswer.parse(JSON.parse(reply.body));
};
const tagsOf = async (id: string) => {
  const rows = await face.db
    .selectFrom("machine_tags")
    .innerJoin("tags", "tags.id", "tag_id")
    .select("name")
    .where("machine_id", "=", id)
    .orderBy("name")
    .execute();
  return rows.map(({ name }) => name);
};
/** The tags of a machine once the tagger has come round, at the latest after half a minute. */
const settled = async (id: string, expected: string[]) => {
  for (const end = performance.now() + 30_000; performance.now() < end; await sleep(20))
    if ((await tagsOf(id)).join() === expected.join()) return;
  assert.deepEqual(await tagsOf(id), expected);
};
const lshw = (vendor: string) => `<list><node id="display"><vendor>${vendor}</vendor></node></list>`;

test("what lshw printed on a machine gives it its tags, without anybody asking for it", async () => {
  const { db } = face;
  await tag("nvidia", { definition: "//vendor = 'NVIDIA'", definition_kind: "xpath" });
  await tag("amd", { definition: "//vendor = 'AMD'", definition_kind: "xpath" });
  await tag("roomy", { definition: "memory>=64G", definition_kind: "filter" });
  const notifications = openNotifications({ url: face.url, log: noLog });
  const tagger = startTagger({ db, notifications, log: noLog });
  try {
    const { id, credentials } = await addMachine(db, "tag000", "commissioning", { now });
    const result = { kind: "result", name: "lshw", exit_status: 0, runtime: 1, output: lshw("NVIDIA"), error: "" };
    const inventory = testInventory({ memory: { total: 64 * 2 ** 30, modules: [] } });
    await report(credentials, "one", result, { kind: "inventory", inventory });
    await settled(id, ["nvidia", "roomy"]);

    // The same from a script of the commissioning, whose output comes in pieces.
    await db.transaction().execute(async (tx) => {
      const text = testScript("name: maas-lshw\ntype: commissioning\ntimeout: 60");
      await createScript(tx, { text }, by);
      await prepareScripts(tx, { machine: await lockMachine(tx, id), type: "commissioning", requestedBy: "root", now });
    });
    const task = agentTask.parse(JSON.parse((await face.ask("/agent/v1/task", { headers: signed(credentials) })).body));
    const [script] = "scripts" in task ? task.scripts.filter(({ name }) => name === "maas-lshw") : [];
    assert.ok(script);
    const { result_id } = script;
    const xml = Buffer.from(lshw("AMD"));
    const piece = (offset: number, data: Buffer) => ({
      kind: "output",
      result_id,
      stream: "out",
      offset,
      data: data.toString("base64"),
    });
    await report(credentials, "two", piece(0, xml.subarray(0, 20)), piece(20, xml.subarray(20)), {
      kind: "script",
      result_id,
      status: "passed",
      exit_status: 0,
      runtime: 2,
    });
    await settled(id, ["amd", "roomy"]);
  } finally {
    await tagger.stop();
    await notifications.close();
  }
});

test("what is installed boots with the options of the machine's tags", async () => {
  const { db } = face;
  const { name, architecture, files } = testImage;
  const image = { name, architecture, kind: "deployable", title: "t", os: "debian", release: "12" } as const;
  await db
    .insertInto("images")
    .values({ ...image, recipe: "0".repeat(64), built_at: now, files: json(files) })
    .execute();
  await tag("hugepages", { kernel_options: "hugepages=64" });
  const { id, credentials } = await addMachine(db, "tag111", "deploying", { image: name, now });
  await db
    .updateTable("machines")
    .set({ inventory: json(testInventory()) })
    .where("id", "=", id)
    .execute();
  await db.transaction().execute((tx) => setTags(tx, [id], { add: ["hugepages"] }));
  const task = agentTask.parse(JSON.parse((await face.ask("/agent/v1/task", { headers: signed(credentials) })).body));
  assert.ok(task.kind === "install");
  assert.match(task.plan.kernel_options, / panic=60 hugepages=64$/);
});
