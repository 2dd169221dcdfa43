import type { Tag } from "@rackwright/contract";
import { type Kysely, sql } from "kysely";
import type { Database, Transaction } from "../database/pool.ts";
import type { Tables } from "../database/tables.ts";
import { Denied, InputError, StateConflict } from "../errors.ts";
import { appendEvent } from "../events/append.ts";
import { knownNames } from "../known-names.ts";
import { type Caller, operableMachines, requireAdministrator, visibleMachines } from "../users/access.ts";
import { type By, readTag } from "./tags.ts";

const shown = 10;

/**
 * Tags of these names, locked against being deleted meanwhile.
 *
 * @throws InputError naming those that do not exist
 */
async function namedTags(tx: Transaction, field: string, names: readonly string[]) {
  const found = await tx
    .selectFrom("tags")
    .select(["id", "name", "definition"])
    .where("name", "in", [...names])
    .orderBy("id")
    .forKeyShare()
    .execute();
  const unknown = names.filter((name) => !found.some((one) => one.name === name));
  if (unknown.length > 0)
    throw InputError.field(
      field,
      unknown.slice(0, shown).join(", "),
      `must name tags that exist; ${await knownNames(tx, "tags", unknown)}`,
    );
  return found;
}

/**
 * Gives tags to machines and takes tags from them, for whoever changes machines; writes no event. The machines exist.
 *
 * @throws InputError for a tag that does not exist, StateConflict for one that is given by its definition
 */
export async function setTags(
  tx: Transaction,
  machineIds: readonly string[],
  { add = [], remove = [] }: { add?: readonly string[]; remove?: readonly string[] },
): Promise<void> {
  if (machineIds.length === 0 || add.length + remove.length === 0) return;
  const tags = await namedTags(tx, "tags", [...new Set([...add, ...remove])]);
  const automatic = tags.find(({ definition }) => definition !== null);
  if (automatic)
    throw new StateConflict(
      `Tag ${automatic.name} has a definition, which finds its machines; it cannot be given or taken by hand.`,
      { next: `Change the definition of ${automatic.name}, or use a tag without one.` },
    );
  const idsOf = (names: readonly string[]) => tags.filter(({ name }) => names.includes(name)).map(({ id }) => id);
  const machines = sql`unnest(${[...machineIds]}::text[])`;
  await sql`insert into machine_tags (tag_id, machine_id)
    select tag_id, machine_id from unnest(${idsOf(add)}::bigint[]) as tag_id cross join ${machines} as machine_id
    order by machine_id, tag_id
    on conflict do nothing`.execute(tx);
  await sql`delete from machine_tags
    where tag_id = any(${idsOf(remove)}::bigint[]) and machine_id in (select ${machines})`.execute(tx);
}

/**
 * Gives one tag to machines and takes it from others, as its route does.
 *
 * @throws NotFound for the tag, InputError for machines that do not exist, StateConflict for a tag with a definition
 */
export async function changeTagMachines(
  db: Database,
  name: string,
  { add, remove }: { add: readonly string[]; remove: readonly string[] },
  { actor, now, caller }: By,
): Promise<Tag> {
  return db.transaction().execute(async (tx) => {
    if (caller !== undefined && add.length + remove.length === 0) requireAdministrator(caller);
    await readTag(tx, name);
    await requireMachines(tx, "add", add, caller);
    await requireMachines(tx, "remove", remove, caller);
    if (caller !== undefined) await requireOperated(tx, [...add, ...remove], caller);
    await setTags(tx, add, { add: [name] });
    await setTags(tx, remove, { remove: [name] });
    const parts = [
      ...(add.length > 0 ? [`gave tag ${name} to ${add.length} machines`] : []),
      ...(remove.length > 0 ? [`took tag ${name} from ${remove.length} machines`] : []),
    ];
    await appendEvent(tx, {
      type: "tag.changed",
      at: now,
      actor,
      machine_id: add.length + remove.length === 1 ? (add[0] ?? remove[0] ?? null) : null,
      message: `${actor} ${parts.join(" and ") || `changed no machine of tag ${name}`}`,
      data: { action: "machines", name, add: add.slice(0, 100), remove: remove.slice(0, 100) },
    });
    return readTag(tx, name, caller);
  });
}

/** @throws Denied naming machines the caller may see but not change */
async function requireOperated(tx: Transaction, ids: readonly string[], caller: Caller): Promise<void> {
  if (caller.administrator) return;
  const { rows } = await sql<{ hostname: string }>`select hostname from machines
    where id = any(${[...ids]}::text[]) and not ${operableMachines(caller)} order by hostname limit ${shown}`.execute(
    tx,
  );
  if (rows.length > 0)
    throw new Denied(
      `Only an administrator, or an operator of its resource pool, may change the tags of ${rows.map(({ hostname }) => hostname).join(", ")}.`,
    );
}

async function requireMachines(
  tx: Transaction,
  field: string,
  ids: readonly string[],
  viewer: Caller | undefined,
): Promise<void> {
  const visible = viewer === undefined ? sql`true` : visibleMachines(viewer);
  const { rows } = await sql<{ id: string }>`
    select distinct given as id from unnest(${[...ids]}::text[]) as given
    where given not in (select id from machines where ${visible})
    order by id limit ${shown}`.execute(tx);
  if (rows.length > 0)
    throw InputError.field(field, rows.map(({ id }) => id).join(", "), "must be ids of machines that exist");
}

/** Kernel options of a machine's tags, in the order of the tags' names; empty where there are none. */
export async function kernelOptionsOf(db: Kysely<Tables>, machineId: string): Promise<string> {
  const { rows } = await sql<{ options: string }>`select machine_kernel_options(${machineId}) as options`.execute(db);
  return rows[0]?.options ?? "";
}
