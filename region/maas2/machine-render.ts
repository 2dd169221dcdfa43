import type { Kysely, RawBuilder } from "kysely";
import type { Tables } from "../database/tables.ts";
import { JsonBytes } from "./json-bytes.ts";
import { type MachineRow, type Position, machineKeys, machineRows } from "./machine-rows.ts";
import { type Surroundings, loadSurroundings } from "./machine-surroundings.ts";
import { type WholeMachine, writeMachine } from "./machine-write.ts";
import { hasStorageText, withStorageTexts } from "./storage-text.ts";

/** Machines of one page: as much as is held in memory of a list of any length. */
const pageSize = 100;

type Page = { now: Date; around: Surroundings; constraints?: string; keep: boolean };

/**
 * Machines with commas between them. Each is written when its row arrives, which is garbage at once: rows that wait for
 * others are moved about by every collection until then.
 */
async function pageBytes(
  db: Kysely<Tables>,
  ids: readonly string[],
  { now, around, constraints = "null", keep }: Page,
): Promise<Buffer> {
  let out: JsonBytes | undefined;
  const write = (row: WholeMachine): void => {
    if (out === undefined) out = new JsonBytes(around.shared, ids.length * 16 * 1024);
    else out.raw(",");
    writeMachine(out, row, around, constraints);
  };
  const waiting: MachineRow[] = [];
  for await (const rows of machineRows(db, ids, now)) {
    for (const row of rows) {
      if (waiting.length === 0 && hasStorageText(row)) write(row);
      else waiting.push(row);
    }
  }
  for (const row of await withStorageTexts(db, waiting, { keep })) write(row);
  return out?.end() ?? Buffer.alloc(0);
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
 * so that what belongs together fits together; no connection is held between pages. While one page is sent, another is
 * written, and PostgreSQL works on a third.
 */
export async function* machinePages(db: Kysely<Tables>, where: RawBuilder<boolean>, now: Date): AsyncGenerator<Buffer> {
  const around = await loadSurroundings(db);
  const pages = idPages(db, where);
  const ask = async (): Promise<Buffer | null> => {
    const { value } = await pages.next();
    return value === undefined ? null : pageBytes(db, value, { now, around, keep: true });
  };
  const asked: Promise<Buffer | null>[] = [];
  for (;;) {
    while (asked.length < 2) {
      const page = ask();
      // Whoever does not read on does not hear of it.
      page.catch(() => {});
      asked.push(page);
    }
    const bytes = await asked.shift();
    if (!bytes) return;
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
  const bytes = await pageBytes(db, [id], { now, around, constraints, keep: false });
  return bytes.length === 0 ? null : bytes;
}
