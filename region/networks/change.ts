import { type Kysely, sql } from "kysely";
import type { Database, Transaction } from "../database/pool.ts";
import type { Tables } from "../database/tables.ts";
import { Denied, InputError, NotFound, StateConflict } from "../errors.ts";
import { appendAudit, type AuditType, type Fields } from "../events/audit.ts";
import type { Caller } from "../users/access.ts";

/** Who changes it, and when. */
export type By = { readonly actor: string; readonly now: Date };
/** The same, where it matters whose something is. */
export type ByCaller = { readonly caller: Caller; readonly now: Date };

/** Changes to networks go one after the other: their rules look at several of them at once. */
export function changeNetworks<T>(db: Database, work: (tx: Transaction) => Promise<T>): Promise<T> {
  return db.transaction().execute(async (tx) => {
    await lockNetworks(tx);
    return work(tx);
  });
}

/** Keeps everybody else from changing networks until the transaction ends. */
export async function lockNetworks(tx: Transaction): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended('networks', 0))`.execute(tx);
}

/** Tables of things of networks, and what one of their rows is called. */
const titles = {
  fabrics: "fabric",
  vlans: "VLAN",
  spaces: "space",
  subnets: "subnet",
  ip_ranges: "IP range",
  static_routes: "static route",
  reserved_ips: "reserved IP",
  ip_addresses: "IP address",
} as const;
export type Noun = keyof typeof titles;

/** The error about a thing that does not exist. */
export const missing = (noun: Noun, id: number): NotFound =>
  new NotFound(`There is no ${titles[noun]} ${id}.`, {
    next: `GET /api/v1/${noun.replaceAll("_", "-")} lists those there are.`,
  });

/** @throws InputError naming the field where its value is the id of nothing */
export async function requireRow(db: Kysely<Tables>, noun: Noun, field: string, id: number): Promise<void> {
  const row = await db.selectFrom(noun).select("id").where("id", "=", id).executeTakeFirst();
  if (row === undefined)
    throw InputError.field(
      field,
      id,
      `must be the id of a ${titles[noun]} that exists; see /api/v1/${noun.replaceAll("_", "-")}`,
    );
}

/** Records a change in the events. */
export function tellChange(
  tx: Transaction,
  { actor, now }: By,
  type: AuditType,
  { words, id, before, after }: { words: string; id: number; before?: Fields; after?: Fields },
): Promise<void> {
  const subject = `${type.slice(0, -".changed".length).replaceAll("-", "_")}_id`;
  const states = { ...(before && { before }), ...(after && { after }) };
  return appendAudit(tx, { type, at: now, actor, message: `${actor} ${words}`, ...states, data: { [subject]: id } });
}

/** Fields of a change that are given. */
export function given<T extends object>(change: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a part of its own fields
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined)) as never;
}

/** Refuses whoever may only look, or has no part in anything. @throws Denied */
export function requireTaker({ administrator, grants = [] }: Caller): void {
  if (!administrator && grants.every(({ role }) => role === "auditor"))
    throw new Denied("Who may only look reserves no addresses.", 403, { next: "Ask an administrator." });
}

/** A conflict that is about one field: a face may show it as bad input. */
export function taken(field: string, value: unknown, allowed: string, next: string): StateConflict {
  return new StateConflict(`${field} ${allowed}`, { next, failures: [{ field, value, allowed }] });
}

/**
 * The name of a new fabric or space, or a new name of one: names made of the kind and a number are those of things
 * without a name of their own.
 *
 * @throws InputError, StateConflict where another one has it
 */
export async function requireName(tx: Transaction, noun: "fabrics" | "spaces", name: string, id: number) {
  const title = titles[noun];
  if (new RegExp(`^${title}-\\d+$`).test(name) && name !== `${title}-${id}`)
    throw InputError.field("name", name, `must not be '${title}-' and a number: such a name says which number it has`);
  const other = await tx.selectFrom(noun).select("id").where("name", "=", name).executeTakeFirst();
  if (other !== undefined && other.id !== id)
    throw taken("name", name, `is the name of another ${title}`, "Choose another name.");
}

/**
 * The number the next row of the table has. A name that says a number which is free gets that one: so does what comes
 * from another site, where nobody named it.
 */
export async function nextId(tx: Transaction, noun: "fabrics" | "spaces", name = ""): Promise<number> {
  const said = new RegExp(`^${titles[noun]}-(\\d{1,9})$`).exec(name)?.[1];
  if (said !== undefined && `${Number(said)}` === said) {
    const id = Number(said);
    const other = await tx.selectFrom(noun).select("id").where("id", "=", id).executeTakeFirst();
    if (other === undefined && id > 0) {
      const sequence = sql.table(`${noun}_id_seq`);
      await sql`select setval(${`${noun}_id_seq`}::regclass, ${id}) from ${sequence} where last_value < ${id}`.execute(
        tx,
      );
      return id;
    }
  }
  const { rows } = await sql<{ id: number }>`select nextval(pg_get_serial_sequence(${noun}, 'id')) as id`.execute(tx);
  const [row] = rows;
  if (row === undefined) throw new Error(`the sequence of ${noun} gives no number`);
  return row.id;
}
