import { setImmediate as immediate } from "node:timers/promises";
import type { Kysely, RawBuilder } from "kysely";
import type { Tables } from "../database/tables.ts";
import { JsonBytes } from "./json-bytes.ts";
import { type Position, machineKeys, machineRows } from "./machine-rows.ts";
import { type Surroundings, loadSurroundings } from "./machine-surroundings.ts";
import { type WholeMachine, writeMachine } from "./machine-write.ts";
import { withStorageTexts } from "./storage-text.ts";

/** Machines of one page: as much as is held in memory of a list of any length. */
const pageSize = 100;

/** Machines with commas between them. */
async function pageBytes(rows: readonly WholeMachine[], around: Surroundings, constraints = "null"): Promise<Buffer> {
  const out = new JsonBytes(around.shared, rows.length * 16 * 1024);
  for (const [at, row] of rows.entries()) {
    // What is asked leaves, and what PostgreSQL answers is taken, only between turns; it waits for both.
    if (at % 20 === 0) await immediate();
    if (at > 0) out.raw(",");
    writeMachine(out, row, around, constraints);
  }
  return out.end();
}

/** Ids of the machines of a list, page by page, each page asked while the one before is worked on. */
async function* idPages(db: Kysely<Tables>, where: RawBuilder<boolean>): AsyncGenerator<string[]> {
  const ask = (after?: Position) => {
    const keys = machineKeys(db, where, { after, limit: pageSize });
    // Whoever does not read on does not hear of it.
    keys.catch(() => {});
    return keys;
  };
  for (let asked = ask(); ;) {
    const keys = await asked;
    const more = keys.length === pageSize;
    if (more) asked = ask(keys.at(-1));
    yield keys.map(({ id }) => id);
    if (!more) return;
  }
}

/**
 * Machines as JSON with commas between them, page by page, in the order in which they were made. A machine is of one moment,
 * so that what belongs together fits together; no connection is held between pages. The next page is read while one is
 * written and sent.
 */
export async function* machinePages(db: Kysely<Tables>, where: RawBuilder<boolean>, now: Date): AsyncGenerator<Buffer> {
  const around = await loadSurroundings(db);
  const pages = idPages(db, where);
  const ask = async () => {
    const { value } = await pages.next();
    if (value === undefined) return null;
    return withStorageTexts(db, await machineRows(db, value, now), { keep: true });
  };
  for (let asked = ask(); ;) {
    const rows = await asked;
    if (rows === null) return;
    asked = ask();
    asked.catch(() => {});
    const bytes = await pageBytes(rows, around);
    if (bytes.length > 0) yield bytes;
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
  const rows = await withStorageTexts(db, await machineRows(db, [id], now), { keep: false });
  const bytes = await pageBytes(rows, around, constraints);
  return bytes.length === 0 ? null : bytes;
}
