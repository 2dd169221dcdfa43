import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { sql } from "kysely";
import { type TestDatabase, testDatabase } from "../database/testing.ts";
import { testMachine } from "../machines/testing.ts";
import { appendEvents, type NewEvent } from "./append.ts";
import type { EventFilter } from "./filter.ts";
import { eventsBetween, listEvents, type Page, readBetween, readSettled } from "./read.ts";

let database: TestDatabase;
let machine: { id: string; mac: string };
const at = (minute: number): Date => new Date(Date.UTC(2026, 0, 1, 0, minute));
const story = (): (NewEvent & { message: string })[] => [
  { message: "a discovers", type: "dhcp.discover", at: at(0), mac: machine.mac, rack: "rack1", actor: "rack" },
  { message: "b 100% done_x", type: "tftp.done", at: at(1), mac: "52:54:00:00:00:02", rack: "rack2", actor: "rack" },
  { message: "c", type: "machine.action", at: at(2), machine_id: machine.id, actor: "anna" },
  { message: "d", type: "machine.action", at: at(3), machine_id: machine.id, actor: "region" },
  { message: "e", type: "machine.status", at: at(4), machine_id: machine.id, actor: "anna" },
  { message: "f Failed", type: "power.failed", at: at(5), machine_id: machine.id, actor: "region", level: "error" },
  { message: "g", type: "subnet.changed", at: at(6), actor: "bert" },
  { message: "h", type: "machine.deleted", at: at(7), actor: "root@local", machine_id: "zzzzzz" },
  { message: "i", type: "rack.problem", at: at(8), rack: "rack1", actor: "rack", level: "warning" },
];
before(async () => {
  database = await testDatabase();
  machine = await testMachine(database.db);
  await appendEvents(database.db, story());
});
after(() => database.close());

const page = async (filter: EventFilter, more: Partial<Page> = {}) => {
  const { items, next } = await listEvents(database.db, filter, { limit: 100, order: "asc", ...more });
  return { letters: items.map(({ message }) => message.slice(0, 1)).join(""), next };
};
const cases: [EventFilter, string][] = [
  [{}, "abcdefghi"],
  [{ kind: "audit" }, "cgh"],
  [{ actor: "anna" }, "ce"],
  [{ kind: "audit", actor: "anna" }, "c"],
  [{ actor: "rack" }, "abi"],
  [{ actor: "nobody" }, ""],
  [{ rack: "rack1" }, "ai"],
  [{ mac: "52:54:00:00:00:02" }, "b"],
  [{ level: "warning" }, "fi"],
  [{ level: "error" }, "f"],
  [{ text: "fail" }, "f"],
  [{ text: "100%" }, "b"],
  [{ text: "done_x" }, "b"],
  [{ text: "_one_x" }, ""],
  [{ since: at(5) }, "fghi"],
  [{ until: at(2) }, "ab"],
  [{ since: at(2), until: at(4) }, "cd"],
  [{ type: "machine", kind: "audit" }, "ch"],
  [{ type: "machine.a" }, "cd"],
];

test("every filter, alone and with others, in pages of both directions, and as a stream reads it", async () => {
  assert.deepEqual((await page({ machine: machine.id })).letters, "acdef");
  const { through } = await readSettled(database.db);
  for (const [filter, expected] of cases) {
    const name = JSON.stringify(filter);
    assert.equal((await page(filter)).letters, expected, name);
    assert.equal((await page(filter, { order: "desc" })).letters, expected.split("").toReversed().join(""), name);
    for (const order of ["asc", "desc"] as const) {
      let cursor: number | undefined;
      let told = "";
      // Two events a page, and no more than three looked at: some pages are empty, and none is the last too early.
      for (let pages = 0; pages < 20; pages++) {
        const { letters, next } = await page(filter, {
          limit: 2,
          order,
          looks: 3,
          ...(cursor !== undefined && { cursor }),
        });
        assert.ok(letters.length <= 2);
        told += letters;
        if (next === null) break;
        cursor = Number(next);
      }
      assert.equal(order === "asc" ? told : told.split("").toReversed().join(""), expected, `${name} ${order}`);
    }
    let after = 0;
    let told = "";
    while (after < through) {
      const read = await readBetween(database.db, filter, { after, through, limit: 2 });
      assert.ok(read.through > after);
      after = read.through;
      told += read.events.map(({ message }) => message.slice(0, 1)).join("");
    }
    assert.equal(told, expected, `${name} as a stream`);
  }
});

test("what users did and what is grave is found by an index, among however many other events", async () => {
  const { db } = database;
  const other = { type: "dhcp.ack" as const, message: "x", actor: "rack" };
  for (let round = 0; round < 20; round++)
    await appendEvents(
      db,
      Array.from({ length: 1000 }, () => other),
    );
  const plan = (filter: EventFilter): Promise<string> =>
    db.transaction().execute(async (tx) => {
      const range = { after: 0, through: Number.MAX_SAFE_INTEGER, order: "desc", limit: 50 } as const;
      const rows = await eventsBetween(tx, filter, range).explain();
      return JSON.stringify(rows);
    });
  await sql`analyze events`.execute(db);
  assert.match(await plan({ kind: "audit" }), /events_audit/);
  assert.match(await plan({ actor: "anna" }), /events_of_users/);
  assert.match(await plan({ level: "error" }), /events_grave/);
  assert.match(await plan({ level: "warning" }), /events_grave/);
  const { id } = await testMachine(db);
  const own = await plan({ machine: id });
  assert.match(own, /events_machine_id_id_idx/);
  assert.match(own, /events_mac_id_idx/);
  assert.doesNotMatch(own, /Seq Scan on events/);
});
