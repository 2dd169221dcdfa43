import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { keptOutput } from "@rackwright/contract";
import fc from "fast-check";
import { sql } from "kysely";
import type { Database } from "../database/pool.ts";
import { type TestDatabase, testDatabase } from "../database/testing.ts";
import { lockMachine } from "../machines/fire.ts";
import { testMachine } from "../machines/testing.ts";
import { type Piece, appendOutput } from "./output.ts";
import { gapLine, lastLines, readOutput } from "./output-read.ts";
import { prepareScripts } from "./prepare.ts";
import { createScript } from "./store.ts";
import { testScript } from "./testing.ts";

describe("output of a script", () => {
  let database: TestDatabase;
  let db: Database;
  let machine: string;
  before(async () => {
    database = await testDatabase();
    db = database.db;
    machine = (await testMachine(db, { status: "testing" })).id;
    const by = { actor: "root", now: new Date() };
    await db.transaction().execute((tx) => createScript(tx, { text: testScript("name: talker") }, by));
  });
  after(() => database.close());

  const newResult = () =>
    db.transaction().execute(async (tx) => {
      const now = new Date();
      const row = await lockMachine(tx, machine);
      const wish = { machine: row, type: "testing" as const, names: ["talker"], requestedBy: "root", now };
      const { set_id } = await prepareScripts(tx, wish);
      return (await tx.selectFrom("script_results").select("id").where("set_id", "=", set_id).executeTakeFirstOrThrow())
        .id;
    });
  const append = (id: number, pieces: readonly Piece[], again = false) =>
    db.transaction().execute((tx) => appendOutput(tx, id, pieces, again));
  const out = (offset: number, data: string | Buffer): Piece => ({ stream: "out", offset, data: Buffer.from(data) });
  const err = (offset: number, data: string): Piece => ({ stream: "err", offset, data: Buffer.from(data) });
  const read = async (id: number, stream: "out" | "err" | "combined" = "out", offset = 0) =>
    (await readOutput(db, id, stream, offset)).data.toString();

  it("keeps the order of both streams, and goes on from any offset", async () => {
    const id = await newResult();
    await append(id, [out(0, "one "), err(0, "two "), out(4, "three ")]);
    assert.equal(await read(id, "combined"), "one two three ");
    assert.deepEqual([await read(id, "out"), await read(id, "err")], ["one three ", "two "]);
    const { next } = await readOutput(db, id, "combined");
    await append(id, [err(4, "four")]);
    assert.equal(await read(id, "combined", next), "four");
    assert.equal(await read(id, "out", 4), "three ");
    assert.deepEqual(await readOutput(db, id, "out", 99), { data: Buffer.alloc(0), next: 99 });
    await append(id, [out(0, "again")], true);
    assert.equal(await read(id, "out"), "one three again");
  });

  it("has each byte once, whatever order pieces come in and however often", async () => {
    const whole = Buffer.from(Array.from({ length: 300 }, (_, index) => index % 256));
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(299), fc.integer({ min: 1, max: 80 })), { maxLength: 12 }),
        fc.infiniteStream(fc.boolean()),
        async (cuts, together) => {
          const id = await newResult();
          const pieces = [...cuts, [0, 300] as const].map(([from, size]) =>
            out(from, whole.subarray(from, from + size)),
          );
          let batch: Piece[] = [];
          for (const piece of pieces) {
            batch.push(piece);
            if (together.next().value === true) {
              await append(id, batch);
              batch = [];
            }
          }
          await append(id, batch);
          assert.deepEqual((await readOutput(db, id, "out")).data, whole);
        },
      ),
      { numRuns: 25 },
    );
  });

  it("says where bytes are missing", async () => {
    const id = await newResult();
    await append(id, [out(0, "begin"), out(1005, "end")]);
    assert.equal(await read(id), `begin${gapLine(1000)}end`);
    assert.equal(await read(id, "combined"), `begin${gapLine(1000)}end`);
  });

  it("without end is kept in bounds: its beginning, its end, and how much is between", async () => {
    const id = await newResult();
    const chunk = Buffer.alloc(250_000, "x");
    for (let n = 0; n < 40; n += 4)
      await append(
        id,
        [0, 1, 2, 3].map((k) =>
          out((n + k) * chunk.length, n + k === 0 ? Buffer.concat([Buffer.from("FIRST"), chunk.subarray(5)]) : chunk),
        ),
      );
    await append(id, [out(40 * chunk.length, "LAST\0\xff"), err(2 ** 53 - 10, "beyond"), err(0, "small")]);
    const { data, next } = await readOutput(db, id, "out");
    const text = data.toString();
    assert.ok(data.length <= keptOutput + 2 * 65_536 + 100 && data.length >= keptOutput, String(data.length));
    assert.match(text, /^FIRSTx+\n\[… [0-9]+ bytes left out …\]\nx+LAST\0/);
    assert.equal(next, 40 * chunk.length + 7);
    const { size } = await db
      .selectFrom("script_output")
      .select(({ fn }) => fn.sum<number>("size").as("size"))
      .where("result_id", "=", id)
      .executeTakeFirstOrThrow();
    assert.ok(size <= keptOutput + 2 * 65_536 + 100);
    assert.equal(await read(id, "err"), "small");
    assert.match((await lastLines(db, [id])).get(id)?.at(-1) ?? "", /small$/);
  });

  it("of single bytes with holes between does not fill the database", async () => {
    const id = await newResult();
    await append(id, [out(0, "x")]);
    await sql`insert into script_output (result_id, stream, position, size, combined, data)
      select ${id}, 'out', 2 * n, 1, 2 * n, 'x' from generate_series(1, 49900) as n`.execute(db);
    await append(
      id,
      Array.from({ length: 1000 }, (_, index) => out(2 * (50_000 + index), "x")),
    );
    const { count } = await db
      .selectFrom("script_output")
      .select(({ fn }) => fn.countAll<number>().as("count"))
      .where("result_id", "=", id)
      .executeTakeFirstOrThrow();
    assert.equal(count, 50_000);
  });
});
