import { type NamedGrant, type User, type userCreate, type userUpdate, user as userSchema } from "@rackwright/contract";
import { type Kysely, sql } from "kysely";
import type { z } from "zod";
import type { Database, Transaction } from "../database/pool.ts";
import type { Tables } from "../database/tables.ts";
import { Denied, InputError, NotFound, StateConflict } from "../errors.ts";
import { appendAudit } from "../events/audit.ts";
import { declareList } from "../filter/list.ts";
import { type Asked, listPage } from "../filter/page.ts";
import { type Page, showPage } from "../page.ts";
import { belongingsOf, transferBelongings } from "./belongings.ts";
import { grantedRoles, namedGrants, setGrants } from "./grants.ts";
import { hashPassword } from "./password.ts";
import { lockedUntil, lockedUntilOf } from "./lockout.ts";

export type { User } from "@rackwright/contract";

/** Built-in user behind the administrator's socket on the region's own host. It has no password and cannot log in. */
export const rootName = "root";
/** How that user signs its deeds in events. */
export const localActor = "root@local";

/** Names that sign events which no user caused, and the built-in user's. */
const reserved: readonly string[] = ["machine", "rack", "region", rootName, localActor];
/** Whether nobody may be named so, in whatever case. */
export const isReserved = (username: string): boolean => reserved.includes(username.toLowerCase());

export type NewUser = Pick<z.infer<typeof userCreate>, "username" | "password" | "administrator"> &
  Partial<z.infer<typeof userCreate>>;
export type UserChange = z.infer<typeof userUpdate>;
type By = { actor: string; now: Date };

/** `countedName` of a user's name, whose characters are all ASCII. */
const failureKey = sql`lower(username collate "C")`;

function users(db: Kysely<Tables>) {
  return db
    .selectFrom("users")
    .select(["id", "username", "administrator", "created_at", "email", "full_name", "is_local", "last_login_at"])
    .select([
      namedGrants(sql`grants.user_id = users.id`).as("grants"),
      sql<string[]>`array(select name from groups join group_members on group_id = groups.id
        where user_id = users.id order by name)`.as("groups"),
      sql<number | null>`(select failures from login_failures where kind = 'name' and key = ${failureKey})`.as(
        "failures",
      ),
      sql<Date | null>`(select last_at from login_failures where kind = 'name' and key = ${failureKey})`.as(
        "failed_at",
      ),
    ]);
}
type Row = Awaited<ReturnType<ReturnType<typeof users>["executeTakeFirstOrThrow"]>>;

function toUser({ failures, failed_at, ...row }: Row): User & { id: number } {
  return {
    ...row,
    created_at: row.created_at.toISOString(),
    last_login_at: row.last_login_at?.toISOString() ?? null,
    // The contract's grants: those of a user are never administrator.
    grants: row.grants.flatMap(({ role, pool }): NamedGrant[] => (role === "administrator" ? [] : [{ role, pool }])),
    locked_until: lockedUntil(failures, failed_at)?.toISOString() ?? null,
  };
}

export const userList = declareList("users", userSchema, {
  order: ["username"],
  fields: {
    username: { cased: true },
    grants: { rows: grantedRoles, computed: true, meaning: "roles of the user, without those of the groups" },
    groups: { computed: true },
    locked_until: { computed: true, value: lockedUntilOf(sql`listed.failures`, sql`listed.failed_at`) },
  },
});

/** One page of users, filtered and sorted as asked for; else in the order of their names. @throws InputError */
export async function listUsers(db: Kysely<Tables>, asked: Asked): Promise<Page<User & { id: number }>> {
  return showPage(await listPage(db, userList, users(db), asked), toUser);
}

/** What everybody may know of everybody: who there is, without the built-in user. */
export async function everyUser(
  db: Kysely<Tables>,
): Promise<Pick<User, "username" | "email" | "administrator" | "is_local">[]> {
  return db
    .selectFrom("users")
    .select(["username", "email", "administrator", "is_local"])
    .where("username", "<>", rootName)
    .orderBy("username")
    .execute();
}

/** @throws NotFound */
export async function readUser(db: Kysely<Tables>, username: string): Promise<User & { id: number }> {
  const row = await users(db).where("username", "=", username).executeTakeFirst();
  if (!row) throw new NotFound(`There is no user ${username}.`);
  return toUser(row);
}

/** What the audit tells of a user. */
const told = ({ username, administrator, email, full_name, grants }: User) => ({
  username,
  administrator,
  email,
  full_name,
  grants,
});

/**
 * Makes a user; without `grants` one who may use every pool.
 *
 * @throws StateConflict when the name is taken, InputError when it is reserved
 */
export async function createUser(db: Database, user: NewUser, by: By): Promise<User & { id: number }> {
  const password_hash = await hashPassword(user.password);
  return db.transaction().execute(async (tx) => {
    const made = await insertUser(tx, { ...user, password_hash }, by.now);
    if (made === null)
      throw new StateConflict(`User ${user.username} exists already.`, {
        next: "Choose another name, or change that user.",
      });
    await appendAudit(tx, {
      type: "user.changed",
      at: by.now,
      actor: by.actor,
      message: `${by.actor} created ${user.administrator ? "administrator" : "user"} ${user.username}`,
      after: { ...told(made), password: user.password },
      data: { username: user.username, change: "created" },
    });
    return made;
  });
}

export type UserRow = Omit<NewUser, "password"> & { password_hash: string; is_local?: boolean };

/**
 * Adds a user, for whoever tells of it in the events; null when the name is taken.
 *
 * @throws InputError for a name that is not a user's to have
 */
export async function insertUser(tx: Transaction, user: UserRow, now: Date): Promise<(User & { id: number }) | null> {
  const { username, administrator, password_hash, email = "", full_name = "", is_local = true } = user;
  if (isReserved(username))
    throw InputError.field("username", username, `must be none of ${reserved.join(", ")}: events are signed by them`);
  const row = await tx
    .insertInto("users")
    .values({ username, password_hash, administrator, email, full_name, is_local, created_at: now })
    .onConflict((conflict) => conflict.column("username").doNothing())
    .returning("id")
    .executeTakeFirst();
  if (!row) return null;
  await setGrants(tx, { user_id: row.id }, user.grants ?? [{ role: "user", pool: null }]);
  return readUser(tx, username);
}

/** Creates the first administrator, unless there is one besides the built-in user. Returns whether it did. */
export async function createFirstAdministrator(
  db: Database,
  { username, password }: { username: string; password: string },
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

/**
 * Changes a user. A new password ends every session of the user.
 *
 * @throws NotFound, InputError for a pool that does not exist or a password of a user who has none here
 */
export async function updateUser(
  db: Database,
  username: string,
  change: UserChange,
  { actor, now }: By,
): Promise<User & { id: number }> {
  if (username === rootName) throw new Denied(`The built-in user ${rootName} cannot be changed.`);
  const password_hash = change.password === undefined ? undefined : await hashPassword(change.password);
  return db.transaction().execute(async (tx) => {
    const user = await readUser(tx, username);
    if (password_hash !== undefined && !user.is_local)
      throw InputError.field("password", undefined, `cannot be set: somebody else says who ${username} is`);
    if (password_hash !== undefined) await tx.deleteFrom("sessions").where("user_id", "=", user.id).execute();
    const { administrator = user.administrator, email = user.email, full_name = user.full_name } = change;
    await tx
      .updateTable("users")
      .set({ administrator, email, full_name, ...(password_hash !== undefined && { password_hash }) })
      .where("id", "=", user.id)
      .execute();
    if (change.grants !== undefined) await setGrants(tx, { user_id: user.id }, change.grants);
    const changed = await readUser(tx, username);
    const before = { ...told(user), ...(password_hash !== undefined && { password: "former" }) };
    const after = { ...told(changed), ...(password_hash !== undefined && { password: "new" }) };
    await appendAudit(tx, {
      type: "user.changed",
      at: now,
      actor,
      message: `${actor} changed ${Object.keys(change).join(" and ") || "nothing"} of ${username}`,
      before,
      after,
      data: { username, change: "updated" },
    });
    return changed;
  });
}

/**
 * Deletes a user. What is the user's goes to `transferTo`; without it, a user who has something stays.
 *
 * @throws NotFound, StateConflict while the user has machines, devices or addresses
 */
export async function deleteUser(
  db: Database,
  username: string,
  { actor, now }: By,
  { transferTo }: { transferTo?: string | undefined } = {},
): Promise<void> {
  if (username === rootName) throw new Denied(`The built-in user ${rootName} cannot be deleted.`);
  await db.transaction().execute(async (tx) => {
    const user = await readUser(tx, username);
    // Nobody gives the user anything meanwhile.
    await tx.selectFrom("users").select("id").where("id", "=", user.id).forUpdate().execute();
    if (transferTo !== undefined) await transferBelongings(tx, user.id, (await readUser(tx, transferTo)).id);
    const owned = await belongingsOf(tx, user.id);
    if (owned !== "")
      throw new StateConflict(`User ${username} owns ${owned}.`, { next: "Release or delete them first." });
    await tx.deleteFrom("users").where("id", "=", user.id).execute();
    await appendAudit(tx, {
      type: "user.changed",
      at: now,
      actor,
      message: `${actor} deleted user ${username}${transferTo === undefined ? "" : `; what was theirs is ${transferTo}'s`}`,
      before: told(user),
      data: { username, change: "deleted", ...(transferTo !== undefined && { transferred_to: transferTo }) },
    });
  });
}
