import { setImmediate as immediate } from "node:timers/promises";
import type { Kysely, RawBuilder } from "kysely";
import type { Tables } from "../database/tables.ts";
import { JsonBytes } from "./json-bytes.ts";
import { type MachineRow, type Position, machineKeys, machineRows } from "./machine-rows.ts";
import { type Surroundings, loadSurroundings } from "./machine-surroundings.ts";
import { writeMachine } from "./machine-write.ts";

/** Machines of one page: as much as is held in memory of a list of any length. */
const pageSize = 200;

/** Machines with commas between them. */
function pageBytes(rows: readonly MachineRow[], around: Surroundings, constraints = "null"): Buffer {
  const out = new JsonBytes(around.shared, rows.length * 16 * 1024);
  for (const row of rows) {
    if (out.length > 0) out.raw(",");
    writeMachine(out, row, around, constraints);
  }
  return out.end();
}

/**
 * Machines as JSON with commas between them, page by page, in the order in which they were made. A page is of one moment, so
 * that what belongs together fits together; no connection is held between pages. The next page is read while one is
 * written and sent.
 */
export async function* machinePages(db: Kysely<Tables>, where: RawBuilder<boolean>, now: Date): AsyncGenerator<Buffer> {
  const around = await loadSurroundings(db);
  const begin = (after?: Position) => {
    const keys = machineKeys(db, where, { after, limit: pageSize });
    const rows = keys.then((found) => {
      const ids = found.map(({ id }) => id);
      return machineRows(db, ids, now);
    });
    // Whoever does not read on does not hear of it.
    rows.catch(() => {});
    return { keys, rows };
  };
  for (let page = begin(); ;) {
    const keys = await page.keys;
    const next = keys.length < pageSize ? null : begin(keys.at(-1));
    const rows = await page.rows;
    // What is asked leaves at the end of this turn only, and PostgreSQL shall work meanwhile.
    await immediate();
    const bytes = pageBytes(rows, around);
    if (bytes.length > 0) yield bytes;
    if (next === null) return;
    page = next;
  }
}

/** A list of machines as JSON in pieces, for `chunks` of an answer. */
export async function* machineList(
  db: Kysely<Tables>,
  where: RawBuilder<boolean>,
  now: Date,
): AsyncGenerator<string | Buffer> {
  let begun = "[";
  for await (const page of machinePages(db, where, now)) {
    yield begun;
    yield page;
    begun = ",";
  }
  yield begun === "[" ? "[]" : "]";
}

/** One machine as JSON; null when there is none. `constraints` is JSON of what an allocation chose. */
export async function machineById(
  db: Kysely<Tables>,
  id: string,
  now: Date,
  constraints = "null",
): Promise<Buffer | null> {
  const around = await loadSurroundings(db);
  const bytes = pageBytes(await machineRows(db, [id], now), around, constraints);
  return bytes.length === 0 ? null : bytes;
}
