import type { Kysely } from "kysely";
import type { Database } from "../database/pool.ts";
import type { Tables } from "../database/tables.ts";
import { Denied, NotFound, StateConflict } from "../errors.ts";
import { appendAudit } from "../events/audit.ts";
import { type Page, cutPage } from "../page.ts";
import { hashPassword } from "./password.ts";

/** Built-in user behind the administrator's socket on the region's own host. It has no password and cannot log in. */
export const rootName = "root";
/** How that user signs its deeds in events. */
export const localActor = "root@local";

export type User = { id: number; username: string; administrator: boolean; created_at: string };
export type NewUser = { username: string; password: string; administrator: boolean };

const columns = ["id", "username", "administrator", "created_at"] as const;
const toUser = <T extends { created_at: Date }>(row: T) => ({ ...row, created_at: row.created_at.toISOString() });

export async function listUsers(
  db: Kysely<Tables>,
  { limit, cursor }: { limit: number; cursor?: string | undefined },
): Promise<Page<User>> {
  const rows = await db
    .selectFrom("users")
    .select(columns)
    .$if(cursor !== undefined, (query) => query.where("username", ">", cursor ?? ""))
    .orderBy("username")
    .limit(limit + 1)
    .execute();
  return cutPage(rows.map(toUser), limit, ({ username }) => username);
}

/** @throws NotFound */
export async function readUser(db: Kysely<Tables>, username: string): Promise<User> {
  const row = await db.selectFrom("users").select(columns).where("username", "=", username).executeTakeFirst();
  if (!row) throw new NotFound(`There is no user ${username}.`);
  return toUser(row);
}

/** @throws StateConflict when the name is taken */
export async function createUser(
  db: Database,
  user: NewUser,
  { actor, now }: { actor: string; now: Date },
): Promise<User> {
  const password_hash = await hashPassword(user.password);
  return db.transaction().execute(async (tx) => {
    const row = await tx
      .insertInto("users")
      .values({ username: user.username, password_hash, administrator: user.administrator, created_at: now })
      .onConflict((conflict) => conflict.column("username").doNothing())
      .returning(columns)
      .executeTakeFirst();
    if (!row)
      throw new StateConflict(`User ${user.username} exists already.`, {
        next: "Choose another name, or change that user.",
      });
    await appendAudit(tx, {
      type: "user.changed",
      at: now,
      actor,
      message: `${actor} created ${user.administrator ? "administrator" : "user"} ${user.username}`,
      after: { username: user.username, administrator: user.administrator, password: user.password },
      data: { username: user.username, change: "created" },
    });
    return toUser(row);
  });
}

/** Creates the first administrator, unless there is one besides the built-in user. Returns whether it did. */
export async function createFirstAdministrator(
  db: Database,
  { username, password }: Omit<NewUser, "administrator">,
  now: Date,
): Promise<boolean> {
  const existing = await db
    .selectFrom("users")
    .select("id")
    .where("administrator", "=", true)
    .where("username", "<>", rootName)
    .executeTakeFirst();
  if (existing) return false;
  await createUser(db, { username, password, administrator: true }, { actor: localActor, now });
  return true;
}

export type UserChange = { password?: string | undefined; administrator?: boolean | undefined };

/** Changes password or rights. A new password ends every session of the user. */
export async function updateUser(
  db: Database,
  username: string,
  change: UserChange,
  { actor, now }: { actor: string; now: Date },
): Promise<User> {
  if (username === rootName) throw new Denied(`The built-in user ${rootName} cannot be changed.`);
  const password_hash = change.password === undefined ? undefined : await hashPassword(change.password);
  return db.transaction().execute(async (tx) => {
    const user = await readUser(tx, username);
    if (password_hash !== undefined) {
      await tx.updateTable("users").set({ password_hash }).where("id", "=", user.id).execute();
      await tx.deleteFrom("sessions").where("user_id", "=", user.id).execute();
    }
    if (change.administrator !== undefined)
      await tx.updateTable("users").set({ administrator: change.administrator }).where("id", "=", user.id).execute();
    const changed = await readUser(tx, username);
    await appendAudit(tx, {
      type: "user.changed",
      at: now,
      actor,
      message: `${actor} changed ${Object.keys(change).join(" and ") || "nothing"} of ${username}`,
      before: { administrator: user.administrator, ...(password_hash !== undefined && { password: "former" }) },
      after: { administrator: changed.administrator, ...(password_hash !== undefined && { password: "new" }) },
      data: { username, change: "updated" },
    });
    return changed;
  });
}

/** @throws NotFound, StateConflict while the user owns machines */
export async function deleteUser(
  db: Database,
  username: string,
  { actor, now }: { actor: string; now: Date },
): Promise<void> {
  if (username === rootName) throw new Denied(`The built-in user ${rootName} cannot be deleted.`);
  await db.transaction().execute(async (tx) => {
    const user = await readUser(tx, username);
    const owned = await tx.selectFrom("machines").select("hostname").where("owner_id", "=", user.id).limit(5).execute();
    if (owned.length > 0)
      throw new StateConflict(`User ${username} owns machines: ${owned.map(({ hostname }) => hostname).join(", ")}.`, {
        next: "Release them first.",
      });
    await tx.deleteFrom("users").where("id", "=", user.id).execute();
    await appendAudit(tx, {
      type: "user.changed",
      at: now,
      actor,
      message: `${actor} deleted user ${username}`,
      before: { username, administrator: user.administrator },
      data: { username, change: "deleted" },
    });
  });
}
