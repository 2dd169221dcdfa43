import {
  type Notification,
  type NotificationCreate,
  type NotificationUpdate,
  notification,
} from "@rackwright/contract";
import { type Kysely, sql } from "kysely";
import { type Database, json } from "../database/pool.ts";
import type { Tables } from "../database/tables.ts";
import { Denied, InputError, NotFound, StateConflict } from "../errors.ts";
import { appendAudit } from "../events/audit.ts";
import type { Caller } from "../users/access.ts";
import { declareList } from "../filter/list.ts";
import { type Asked, listPage } from "../filter/page.ts";
import { type Page, showPage } from "../page.ts";
import { fillIn } from "./message.ts";

export type By = { actor: string; now: Date };

function notifications(db: Kysely<Tables>) {
  return db
    .selectFrom("notifications as n")
    .leftJoin("users as u", "u.id", "n.user_id")
    .select(["n.id", "n.ident", "u.username as user", "n.users", "n.admins", "n.message", "n.context", "n.category"])
    .select(["n.user_id", "n.dismissable", "n.created_at", "n.updated_at"]);
}
type Row = Awaited<ReturnType<ReturnType<typeof notifications>["executeTakeFirstOrThrow"]>>;

function toNotification(all: Row): Notification {
  const { user_id: _, created_at, updated_at, ...row } = all;
  return {
    ...row,
    text: fillIn(row.message, row.context).text,
    created_at: created_at.toISOString(),
    updated_at: updated_at.toISOString(),
  };
}

type Addressed = Pick<Row, "user_id" | "users" | "admins">;
const concerns = ({ user_id, users, admins }: Addressed, caller: Caller): boolean =>
  users || user_id === caller.id || (admins && caller.administrator);

/** `concerns` in SQL, of notifications that the caller did not dismiss. */
const standing = ({ id, administrator }: Caller) => sql<boolean>`
  (n.users or n.user_id = ${id} or (n.admins and ${administrator}::boolean)) and not exists
    (select from notification_dismissals d where d.notification_id = n.id and d.user_id = ${id})`;

export const notificationList = declareList("notifications", notification, {
  order: ["id"],
  fields: { user: { cased: true }, text: null, context: null },
});

/** What is said to the caller and was not dismissed, filtered and sorted as asked for; else as it was made. @throws InputError */
export async function listNotifications(db: Kysely<Tables>, caller: Caller, asked: Asked): Promise<Page<Notification>> {
  const rows = notifications(db).where(standing(caller));
  return showPage(await listPage(db, notificationList, rows, asked), toNotification);
}

/** One notification. @throws NotFound; Denied when it is not for the caller, who is no administrator */
export async function readNotification(db: Kysely<Tables>, id: number, caller: Caller): Promise<Notification> {
  const row = await notifications(db).where("n.id", "=", id).executeTakeFirst();
  if (row === undefined) throw missing(id);
  if (!caller.administrator && !concerns(row, caller)) throw new Denied("This notification is for somebody else.");
  return toNotification(row);
}

const missing = (id: number): NotFound =>
  new NotFound(`There is no notification ${id}.`, { next: "GET /api/v1/notifications lists those for you." });

async function userId(db: Kysely<Tables>, username: string | null): Promise<number | null> {
  if (username === null) return null;
  const user = await db.selectFrom("users").select("id").where("username", "=", username).executeTakeFirst();
  if (user === undefined) throw InputError.field("user", username, "must be the name of a user");
  return user.id;
}

/** The message must be fillable by the context, or readers would see its braces. */
function requireFillable(message: string, context: Record<string, unknown>): void {
  const { missing: names } = fillIn(message, context);
  if (names.length > 0)
    throw InputError.field(
      "message",
      message,
      `names {${names[0]}}, which the context does not have; write {{ for a brace`,
    );
}

async function requireFreeIdent(db: Kysely<Tables>, ident: string | null | undefined, id?: number): Promise<void> {
  if (ident === null || ident === undefined) return;
  const other = await db.selectFrom("notifications").select("id").where("ident", "=", ident).executeTakeFirst();
  if (other !== undefined && other.id !== id)
    throw new StateConflict(`There is a notification '${ident}' already.`, {
      next: `Change notification ${other.id}.`,
    });
}

/** Says something. @throws InputError, StateConflict when its `ident` is taken */
export async function createNotification(
  db: Database,
  { user, context, ...fields }: NotificationCreate,
  { actor, now }: By,
): Promise<Notification> {
  requireFillable(fields.message, context);
  return db.transaction().execute(async (tx) => {
    await requireFreeIdent(tx, fields.ident);
    const { id } = await tx
      .insertInto("notifications")
      .values({ ...fields, context: json(context), user_id: await userId(tx, user), created_at: now, updated_at: now })
      .returning("id")
      .executeTakeFirstOrThrow();
    await appendAudit(tx, {
      type: "notification.changed",
      actor,
      at: now,
      message: `${actor} made notification ${id}`,
      after: { ...fields, user, context },
      data: { action: "create", id },
    });
    return toNotification(await notifications(tx).where("n.id", "=", id).executeTakeFirstOrThrow());
  });
}

/** Changes what is given. @throws NotFound, InputError, StateConflict */
export async function updateNotification(
  db: Database,
  id: number,
  { user, context, ...change }: NotificationUpdate,
  { actor, now }: By,
): Promise<Notification> {
  return db.transaction().execute(async (tx) => {
    const before = await tx.selectFrom("notifications").selectAll().where("id", "=", id).forUpdate().executeTakeFirst();
    if (before === undefined) throw missing(id);
    requireFillable(change.message ?? before.message, context ?? before.context);
    await requireFreeIdent(tx, change.ident, id);
    await tx
      .updateTable("notifications")
      .set({
        ...change,
        ...(context !== undefined && { context: json(context) }),
        ...(user !== undefined && { user_id: await userId(tx, user) }),
        updated_at: now,
      })
      .where("id", "=", id)
      .execute();
    const after = await tx.selectFrom("notifications").selectAll().where("id", "=", id).executeTakeFirstOrThrow();
    await appendAudit(tx, {
      type: "notification.changed",
      actor,
      at: now,
      message: `${actor} changed notification ${id}`,
      before: { ...before, updated_at: undefined },
      after: { ...after, updated_at: undefined },
      data: { action: "update", id },
    });
    return toNotification(await notifications(tx).where("n.id", "=", id).executeTakeFirstOrThrow());
  });
}

/** Takes back what was said. @throws NotFound */
export async function deleteNotification(db: Database, id: number, { actor, now }: By): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const before = await tx.deleteFrom("notifications").where("id", "=", id).returningAll().executeTakeFirst();
    if (before === undefined) throw missing(id);
    await appendAudit(tx, {
      type: "notification.changed",
      actor,
      at: now,
      message: `${actor} deleted notification ${id}`,
      before,
      data: { action: "delete", id },
    });
  });
}

/** The caller does not want to see it any more; others still do. @throws NotFound, Denied */
export async function dismissNotification(db: Database, id: number, caller: Caller, now: Date): Promise<void> {
  const actor = caller.username;
  await db.transaction().execute(async (tx) => {
    const row = await tx.selectFrom("notifications").selectAll().where("id", "=", id).executeTakeFirst();
    if (row === undefined) throw missing(id);
    if (!concerns(row, caller)) throw new Denied("This notification is for somebody else.");
    if (!row.dismissable) throw new Denied("This notification cannot be dismissed: it goes when its cause does.");
    await tx
      .insertInto("notification_dismissals")
      .values({ notification_id: id, user_id: caller.id })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    await appendAudit(tx, {
      type: "notification.changed",
      actor,
      at: now,
      message: `${actor} dismissed notification ${id}`,
      data: { action: "dismiss", id },
    });
  });
}
