import { type Rack, type RackInterface, rack } from "@rackwright/contract";
import { sql } from "kysely";
import { type Database, json, type Transaction } from "../database/pool.ts";
import { InputError } from "../errors.ts";
import { declareList } from "../filter/list.ts";
import { type Asked, listPage } from "../filter/page.ts";
import { type Page, showPage } from "../page.ts";

/** A rack that shows no sign of life for so many seconds counts as disconnected, whatever its row says. */
export const rackSilence = 45;

/** Fewest bytes a rack's secret may have. */
const shortestSecret = 16;

/** Makes a rack known, or gives a known one a new secret. @throws InputError for a secret that is too short */
export async function ensureRack(db: Database, name: string, secret: Uint8Array): Promise<void> {
  if (secret.length < shortestSecret)
    throw new InputError(
      `The secret of rack ${name} has ${secret.length} bytes; it must have at least ${shortestSecret}.`,
    );
  await db
    .insertInto("racks")
    .values({ name, secret: Buffer.from(secret) })
    .onConflict((conflict) => conflict.column("name").doUpdateSet({ secret: Buffer.from(secret) }))
    .execute();
}

/** The secret a rack of this name must know, undefined when there is no such rack. */
export async function rackSecret(db: Database, name: string): Promise<Buffer | undefined> {
  const row = await db.selectFrom("racks").select("secret").where("name", "=", name).executeTakeFirst();
  return row?.secret;
}

export type RackHello = { version: string; http_port: number; interfaces: RackInterface[] };

/** Remembers what a rack says about itself. `link` is when its link began, and names the link. */
export async function rackConnected(tx: Transaction, name: string, hello: RackHello, link: Date): Promise<void> {
  const { version, http_port } = hello;
  await tx
    .updateTable("racks")
    .set({
      version,
      http_port,
      interfaces: json(hello.interfaces),
      connected_at: link,
      seen_at: link,
      disconnected_at: null,
    })
    .where("name", "=", name)
    .execute();
}

/** Notes the end of a link, unless the rack has a newer one already. Returns whether it was noted. */
export async function rackDisconnected(
  db: Database | Transaction,
  name: string,
  link: Date,
  now: Date,
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable("racks")
    .set({ disconnected_at: now })
    .where("name", "=", name)
    .where("connected_at", "=", link)
    .where("disconnected_at", "is", null)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Notes a sign of life of all racks named, in one statement. */
export async function racksSeen(db: Database, names: readonly string[], now: Date): Promise<void> {
  if (names.length === 0) return;
  await db.updateTable("racks").set({ seen_at: now }).where("name", "in", names).execute();
}

function racks(db: Database, now: Date) {
  const alive = new Date(now.getTime() - rackSilence * 1000);
  return db
    .selectFrom("racks")
    .select(["name", "version", "http_port", "interfaces", "connected_at", "seen_at"])
    .select(sql<boolean>`coalesce(seen_at > ${alive} and disconnected_at is null, false)`.as("connected"));
}
type Row = Awaited<ReturnType<ReturnType<typeof racks>["executeTakeFirstOrThrow"]>>;

/** Whether any rack is linked to a region. */
export async function isAnyRackConnected(db: Database, now: Date): Promise<boolean> {
  return (await racks(db, now).execute()).some(({ connected }) => connected);
}

const shown = ({ connected_at, seen_at, ...row }: Row): Rack => ({
  ...row,
  connected_at: connected_at?.toISOString() ?? null,
  seen_at: seen_at?.toISOString() ?? null,
});

export const rackList = declareList("racks", rack, { order: ["name"], fields: { interfaces: null } });

/** One page of racks, filtered and sorted as asked for; else in order of name. @throws InputError */
export async function pageOfRacks(db: Database, now: Date, asked: Asked): Promise<Page<Rack>> {
  return showPage(await listPage(db, rackList, racks(db, now), asked), shown);
}

/** Racks after `cursor` in order of name. */
export async function listRacks(db: Database, now: Date, cursor = "", limit = 50): Promise<Rack[]> {
  return (await racks(db, now).where("name", ">", cursor).orderBy("name").limit(limit).execute()).map(shown);
}
