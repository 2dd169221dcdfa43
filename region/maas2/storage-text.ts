import { type Kysely, sql } from "kysely";
import type { Tables } from "../database/tables.ts";
import { type Storage, bootDisk, isPhysical, loadStorages } from "../storage/index.ts";
import { asciiJson } from "./ascii-json.ts";
import type { JsonBytes, Span } from "./json-bytes.ts";
import { renderDevice, storageFields } from "./storage-render.ts";

/** Of the texts below. Another number for every change of what they say: texts of other forms are not read. */
export const storageForm = 1;

/**
 * What a machine shows of its storage, as lines: the fields that are not devices, then each device as JSON after a letter,
 * `p` for a physical one and `v` for a virtual one, which is a capital where the machine boots from it.
 */
export function storageText(storage: Storage): string {
  const boot = bootDisk(storage);
  const devices = storage.devices.map((device) => {
    const kind = isPhysical(device) ? "p" : "v";
    return `${device === boot ? kind.toUpperCase() : kind}${asciiJson(renderDevice(storage, device))}`;
  });
  return [asciiJson(storageFields(storage)).slice(1, -1), ...devices].join("\n");
}

/** Writes what a text says, as further fields of an open object. */
export function writeStorage(out: JsonBytes, text: string): void {
  const [fields = "", ...devices] = text.split("\n");
  out.raw(",").raw(fields);
  const spans = out.field("blockdevice_set").list(devices, (device) => out.raw(device.slice(1)));
  const those = (letters: string): Span[] => spans.filter((_span, at) => letters.includes(devices[at]?.[0] ?? ""));
  out.field("physicalblockdevice_set").list(those("pP"), (span) => out.again(span));
  out.field("virtualblockdevice_set").list(those("vV"), (span) => out.again(span));
  out.field("boot_disk").again(those("PV")[0]);
}

type Textless = { id: string; storage_text: string | null };

/** Whether the text of a machine is kept. */
export const hasStorageText = <R extends Textless>(row: R): row is R & { storage_text: string } =>
  row.storage_text !== null;

/** Gives machines their texts: those that are not kept are made now, and with `keep` kept for the next list. */
export async function withStorageTexts<R extends Textless>(
  db: Kysely<Tables>,
  rows: readonly R[],
  { keep }: { keep: boolean },
): Promise<(R & { storage_text: string })[]> {
  for (const make of keep ? [keepStorageTexts, makeStorageTexts] : [makeStorageTexts]) {
    const missing = rows.filter(({ storage_text }) => storage_text === null);
    if (missing.length === 0) break;
    const ids = missing.map(({ id }) => id);
    const made = await make(db, ids);
    for (const row of missing) row.storage_text = made.get(row.id) ?? null;
  }
  // A machine that was deleted meanwhile has none.
  return rows.filter(hasStorageText);
}

/** Texts of machines by their ids. Unknown machines are left out. */
async function makeStorageTexts(db: Kysely<Tables>, ids: readonly string[]): Promise<Map<string, string>> {
  const storages = await loadStorages(db, ids);
  return new Map([...storages].map(([id, storage]) => [id, storageText(storage)]));
}

/**
 * Makes texts of machines and keeps them until the database drops them because something of the storage changed. A machine
 * that somebody is changing at this moment is left out.
 */
async function keepStorageTexts(db: Kysely<Tables>, ids: readonly string[]): Promise<Map<string, string>> {
  return db.transaction().execute(async (tx) => {
    // Whoever changes a storage holds the lock of its machine: none of these changes until its text is kept.
    const { rows } = await sql<{ id: string }>`
      select id from machines where id = any(${ids}::text[]) for update skip locked`.execute(tx);
    const texts = await makeStorageTexts(
      tx,
      rows.map(({ id }) => id),
    );
    await sql`
      insert into storage_texts (machine_id, form, text)
      select id, ${storageForm}, text from unnest(${[...texts.keys()]}::text[], ${[...texts.values()]}::text[]) as made (id, text)
      on conflict (machine_id) do update set form = excluded.form, text = excluded.text`.execute(tx);
    return texts;
  });
}
