import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";
import type { RackEvent } from "@rackwright/contract";
import { sql } from "kysely";
import { testDatabase } from "../database/testing.ts";
import { takeRackEvents } from "./events.ts";
import { ensureRack } from "./rows.ts";

const database = await testDatabase();
after(() => database.close());
const { db } = database;
const now = new Date("2026-01-01T12:00:00Z");
const event = (sequence: number, more: Partial<RackEvent> = {}): RackEvent => ({
  sequence,
  at: "2026-01-01T11:00:00.000Z",
  type: "dhcp.ack",
  level: "info",
  mac: null,
  address: null,
  message: `event ${sequence}`,
  data: {},
  failure: null,
  ...more,
});
const take = (boot: string, events: RackEvent[]) => takeRackEvents(db, "rack1", boot, events, now);
const stored = async () =>
  (await db.selectFrom("events").select("message").orderBy("id").execute()).map((row) => row.message);

beforeEach(async () => {
  await sql`truncate events, machines, subnets restart identity cascade`.execute(db);
  await db.deleteFrom("racks").execute();
  await ensureRack(db, "rack1", Buffer.alloc(32, 1));
});

test("repeats after a lost acknowledgement count once, in order; another run of the rack counts anew", async () => {
  assert.equal(await take("run1", [event(0), event(1)]), 1);
  assert.equal(await take("run1", [event(0), event(1), event(2)]), 2);
  assert.equal(await take("run1", [event(1)]), 2);
  assert.equal(await take("run2", [event(0), event(3), event(3), event(2)]), 3);
  assert.deepEqual(await stored(), ["event 0", "event 1", "event 2", "event 0", "event 3"]);
  assert.equal(await take("run2", []), 3);
});

test("two regions that get the same batch at once store it once", async () => {
  const batch = Array.from({ length: 50 }, (_, n) => event(n));
  await Promise.all([take("run1", batch), take("run1", batch), take("run1", batch)]);
  assert.equal((await stored()).length, 50);
});

test("machines are found by MAC and by the address a lease gave; the rest of an event is kept", async () => {
  await db.insertInto("machines").values({ id: "aaaaaa", hostname: "one", status: "ready" }).execute();
  await db.insertInto("interfaces").values({ machine_id: "aaaaaa", name: "eth0", mac: "52:54:00:00:00:01" }).execute();
  await sql`insert into subnets (cidr) values ('10.0.0.0/24')`.execute(db);
  await sql`insert into leases (subnet_id, address, mac, state, expires_at)
            select id, '10.0.0.5', '52:54:00:00:00:01', 'leased', ${now} from subnets`.execute(db);
  const failure = { code: "tftp-lost", message: "lost", evidence: [], next: "look" };
  await take("run1", [
    event(0, { mac: "52:54:00:00:00:01" }),
    event(1, { type: "tftp.failed", level: "warning", address: "10.0.0.5", data: { path: "x" }, failure }),
    event(2, { mac: "52:54:00:00:00:99", at: "2027-01-01T00:00:00.000Z" }),
    event(3, { address: "fe80::1" }),
  ]);
  const rows = await db
    .selectFrom("events")
    .select(["machine_id", "mac", "rack", "actor", "data", "failure", "at", "level"])
    .orderBy("id")
    .execute();
  const at = new Date("2026-01-01T11:00:00Z");
  const by = { rack: "rack1", actor: "rack" };
  assert.deepEqual(rows, [
    { machine_id: "aaaaaa", mac: "52:54:00:00:00:01", ...by, data: {}, failure: null, at, level: "info" },
    {
      machine_id: "aaaaaa",
      mac: "52:54:00:00:00:01",
      ...by,
      data: { path: "x", address: "10.0.0.5" },
      failure,
      at,
      level: "warning",
    },
    { machine_id: null, mac: "52:54:00:00:00:99", ...by, data: {}, failure: null, at: now, level: "info" },
    { machine_id: null, mac: null, ...by, data: { address: "fe80::1" }, failure: null, at, level: "info" },
  ]);
});

test("a rack cannot speak for users, machines or regions", async () => {
  assert.equal(
    await take("run1", [event(0, { type: "user.changed" }), event(1, { type: "machine.status" }), event(2)]),
    2,
  );
  assert.deepEqual(await stored(), ["event 2"]);
});
