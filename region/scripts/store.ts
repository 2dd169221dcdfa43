import { createHash } from "node:crypto";
import { json } from "../database/pool.ts";
import type { Transaction } from "../database/pool.ts";
import { InputError, StateConflict } from "../errors.ts";
import { appendEvent } from "../events/append.ts";
import { type ParsedScript, parseScript, statedFields } from "./header.ts";
import { type ScriptRow, unknownScript } from "./read.ts";

/** Who changes a script, when and why. */
export type Change = { actor: string; now: Date; comment?: string };

/** Name of a text: the SHA-256 of its UTF-8. */
export function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** What a header says, as columns. */
export function columnsOf(parsed: ParsedScript) {
  return {
    type: parsed.type,
    hardware_type: parsed.hardware_type,
    title: parsed.title,
    description: parsed.description,
    parallel: parsed.parallel,
    parameters: json(parsed.parameters),
    results: json(parsed.results),
    packages: json(parsed.packages),
    for_hardware: parsed.for_hardware,
    destructive: parsed.destructive,
    may_reboot: parsed.may_reboot,
    recommission: parsed.recommission,
    apply_configured_networking: parsed.apply_configured_networking,
  };
}

async function addVersion(
  tx: Transaction,
  script: { id: number; name: string },
  text: string,
  change: Change,
): Promise<void> {
  const sha256 = hashOf(text);
  await tx
    .insertInto("script_versions")
    .values({
      script_id: script.id,
      name: script.name,
      sha256,
      comment: change.comment ?? "",
      created_by: change.actor,
      created_at: change.now,
    })
    .execute();
}

async function saveText(tx: Transaction, text: string): Promise<string> {
  const sha256 = hashOf(text);
  await tx
    .insertInto("script_texts")
    .values({ sha256, size: Buffer.byteLength(text), text })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  return sha256;
}

/** Writes down who did what to a script. */
export async function audit(
  tx: Transaction,
  name: string,
  what: string,
  { actor, now }: Change,
  data: { before?: unknown; after?: unknown },
) {
  await appendEvent(tx, {
    type: "script.changed",
    at: now,
    actor,
    message: `${actor} ${what} script ${name}`,
    data: { script: name, change: what, ...data },
  });
}

/** A script to be made. `beside` is what a form says of it, as of `parseScript`. */
export type NewScript = {
  text: string;
  name?: string | undefined;
  builtin?: boolean;
  beside?: Readonly<Record<string, unknown>>;
};

/**
 * Makes a script of a text. Its name is the header's, else the one given.
 *
 * @throws InputError for a bad text or name, StateConflict when the name is taken
 */
export async function createScript(
  tx: Transaction,
  { text, name: given, builtin = false, beside }: NewScript,
  change: Change,
): Promise<string> {
  const parsed = parseScript(text, beside);
  const name = parsed.name ?? given;
  if (name === undefined)
    throw InputError.field("name", undefined, "must be given, in the script's header or beside its text");
  if (given !== undefined && given !== name)
    throw InputError.field("name", given, `must be the one in the script's header, ${name}, or be left out`);
  const sha256 = await saveText(tx, text);
  const row = await tx
    .insertInto("scripts")
    .values({
      name,
      ...columnsOf(parsed),
      tags: parsed.tags,
      timeout: parsed.timeout,
      builtin,
      sha256,
      updated_at: change.now,
    })
    .onConflict((conflict) => conflict.column("name").doNothing())
    .returning("id")
    .executeTakeFirst();
  if (row === undefined)
    throw new StateConflict(`There is a script ${name} already.`, {
      next: `Change it with PUT /api/v1/scripts/${name}/text, or take another name.`,
    });
  await addVersion(tx, { id: row.id, name }, text, { comment: parsed.comment ?? "", ...change });
  if (!builtin) await audit(tx, name, "made", change, { after: { sha256, type: parsed.type } });
  return name;
}

/** A script to be changed, locked. @throws NotFound; StateConflict for a built-in one, unless `builtin` allows it */
export async function lockScript(tx: Transaction, name: string, builtin = false): Promise<ScriptRow> {
  const row = await tx.selectFrom("scripts").selectAll().where("name", "=", name).forUpdate().executeTakeFirst();
  if (row === undefined) throw unknownScript(name);
  if (row.builtin && !builtin)
    throw new StateConflict(`Script ${name} comes with Rackwright and cannot be changed.`, {
      next: `Copy it under another name (POST /api/v1/scripts/${name}/copy) and change the copy.`,
    });
  return row;
}

type Replacement = { builtin?: boolean; what?: string; beside?: Readonly<Record<string, unknown>> };

/** What a form said of a script, as far as a text's header says nothing of it. */
export function unstated(row: ScriptRow, text: string): Record<string, unknown> {
  const stated = statedFields(text);
  const { type, hardware_type, title, description, parallel, for_hardware, destructive, packages } = row;
  const { may_reboot, recommission, apply_configured_networking } = row;
  const fields = { type, hardware_type, title, description, parallel, for_hardware, destructive, packages };
  const all = { ...fields, may_reboot, recommission, apply_configured_networking };
  return Object.fromEntries(Object.entries(all).filter(([field]) => !stated.includes(field)));
}

/** Tags and timeout of a built-in script follow its header, unless an operator set them. */
async function followed(tx: Transaction, row: ScriptRow, parsed: ParsedScript) {
  const old = await tx.selectFrom("script_texts").select("text").where("sha256", "=", row.sha256).executeTakeFirst();
  const before = old === undefined ? undefined : parseScript(old.text);
  const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);
  return {
    ...((before === undefined || same(before.tags, row.tags)) && { tags: parsed.tags }),
    ...((before === undefined || before.timeout === row.timeout) && { timeout: parsed.timeout }),
  };
}

/**
 * Gives a script a new text, as a new version; the same text again changes nothing. Everything follows the new header
 * but tags and timeout, which an operator may have set meanwhile (those of a built-in script follow where none did).
 */
export async function replaceText(
  tx: Transaction,
  name: string,
  text: string,
  change: Change,
  { builtin = false, what = "changed", beside }: Replacement = {},
): Promise<void> {
  const row = await lockScript(tx, name, builtin);
  const parsed = parseScript(text, beside === undefined ? {} : { ...unstated(row, text), ...beside });
  if (parsed.name !== undefined && parsed.name !== name)
    throw InputError.field("header.name", parsed.name, `must stay ${name}; upload it as a script of its own instead`);
  if (hashOf(text) === row.sha256) return;
  const sha256 = await saveText(tx, text);
  await tx
    .updateTable("scripts")
    .set({
      ...columnsOf(parsed),
      ...(builtin && { ...(await followed(tx, row, parsed)), builtin }),
      sha256,
      updated_at: change.now,
    })
    .where("id", "=", row.id)
    .execute();
  await addVersion(tx, row, text, { ...change, comment: change.comment || (parsed.comment ?? "") });
  if (!builtin) await audit(tx, name, what, change, { before: { sha256: row.sha256 }, after: { sha256 } });
}
