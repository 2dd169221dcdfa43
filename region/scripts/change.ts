import type { z } from "zod";
import type { scriptUpdate } from "@rackwright/contract";
import type { Transaction } from "../database/pool.ts";
import { parseScript } from "./header.ts";
import { type Change, audit, columnsOf, createScript, lockScript, replaceText, unstated } from "./store.ts";
import { readScript, noVersion } from "./read.ts";

/** What may be changed of a built-in script. */
const ofBuiltins = ["tags", "timeout"];

/** Changes what an operator may set beside the text; of a built-in script its tags and time limit. */
export async function updateScript(
  tx: Transaction,
  name: string,
  update: z.infer<typeof scriptUpdate>,
  change: Change,
) {
  const fields = Object.keys(update) as (keyof typeof update)[];
  const row = await lockScript(tx, name, fields.every((field) => ofBuiltins.includes(field)) && fields.length > 0);
  // A script's own hardware and that it destroys are always among its tags.
  const own = [row.hardware_type, ...(row.destructive ? ["destructive"] : [])];
  const after = { ...update, ...(update.tags && { tags: [...new Set([...update.tags, ...own])] }) };
  if (fields.length > 0)
    await tx
      .updateTable("scripts")
      .set({ ...after, updated_at: change.now })
      .where("id", "=", row.id)
      .execute();
  const before = Object.fromEntries(fields.map((field) => [field, row[field]]));
  await audit(tx, name, "changed", change, { before, after });
}

/**
 * Changes what a form says of a script beside its text, by the names a header has.
 *
 * @throws InputError where the text's header says otherwise
 */
export async function changeFields(
  tx: Transaction,
  name: string,
  fields: Readonly<Record<string, unknown>>,
  change: Change,
): Promise<void> {
  const row = await lockScript(tx, name);
  const { text } = await readScript(tx, name);
  const columns = columnsOf(parseScript(text, { ...unstated(row, text), ...fields }));
  const named = Object.fromEntries(Object.entries(columns).filter(([field]) => Object.hasOwn(fields, field)));
  if (Object.keys(named).length === 0) return;
  await tx
    .updateTable("scripts")
    .set({ ...named, updated_at: change.now })
    .where("id", "=", row.id)
    .execute();
  const before = Object.fromEntries(Object.keys(named).map((field) => [field, row[field as keyof typeof row]]));
  await audit(tx, name, "changed", change, { before, after: fields });
}

/** Goes back to the text of an earlier version, which becomes the newest. @throws NotFound */
export async function revertScript(tx: Transaction, name: string, version: number, change: Change): Promise<void> {
  const row = await lockScript(tx, name);
  const earlier = await tx
    .selectFrom("script_versions as v")
    .innerJoin("script_texts as t", "t.sha256", "v.sha256")
    .select("t.text")
    .where("v.id", "=", version)
    .where("v.script_id", "=", row.id)
    .executeTakeFirst();
  if (earlier === undefined) throw noVersion(name, version);
  await replaceText(
    tx,
    name,
    earlier.text,
    { ...change, comment: change.comment || `back to version ${version}` },
    { what: "reverted" },
  );
}

/** Forgets a script; its versions and results stay. Runs already asked for are carried out. */
export async function deleteScript(tx: Transaction, name: string, change: Change): Promise<void> {
  const row = await lockScript(tx, name);
  await tx.deleteFrom("scripts").where("id", "=", row.id).execute();
  await audit(tx, name, "deleted", change, { before: { sha256: row.sha256, type: row.type } });
}

/** A script of one's own with the text of another, built-in or not; a name in its header becomes the new one. */
export async function copyScript(tx: Transaction, from: string, name: string, change: Change): Promise<void> {
  const { text } = await readScript(tx, from);
  const copied = text.replace(/^(# ?name[ \t]*:).*$/m, (_line, field: string) => `${field} ${name}`);
  await createScript(tx, { text: copied, name }, { ...change, comment: change.comment || `copied from ${from}` });
}
