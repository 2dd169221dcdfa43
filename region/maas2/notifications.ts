import {
  type Notification,
  notificationCategories,
  notificationCreate,
  notificationUpdate,
} from "@rackwright/contract";
import { z } from "zod";
import type { Database } from "../database/pool.ts";
import { InputError } from "../errors.ts";
import {
  createNotification,
  deleteNotification,
  dismissNotification,
  listNotifications,
  readNotification,
  updateNotification,
} from "../notifications/index.ts";
import { asForm, byOf, callerOf, checked, given, matching, numberOf } from "./common.ts";
import { type Call, type Resource, operation } from "./operation.ts";
import { choice, flag, text } from "./parameters.ts";
import { renderUser } from "./users.ts";

const model = "Notification";
const most = Number.MAX_SAFE_INTEGER - 1;

/** With the users they are for as objects, all asked for at once. */
async function render(db: Database, notifications: readonly Notification[]) {
  const names = [...new Set(notifications.flatMap(({ user }) => user ?? []))];
  const rows =
    names.length === 0
      ? []
      : await db
          .selectFrom("users")
          .select(["username", "email", "administrator", "is_local"])
          .where("username", "in", names)
          .execute();
  const users = new Map(rows.map((row) => [row.username, renderUser(row)]));
  return notifications.map(({ id, ident, user, users: all, admins, message, context, category, dismissable }) => ({
    id,
    ident,
    user: user === null ? null : (users.get(user) ?? null),
    users: all,
    admins,
    message,
    context,
    category,
    dismissable,
    resource_uri: `/MAAS/api/2.0/notifications/${id}/`,
  }));
}
async function renderOne(db: Database, notification: Notification) {
  const [rendered] = await render(db, [notification]);
  return { json: rendered };
}

const json = (doc: string) =>
  text(doc, 100_000).transform((words, context): unknown => {
    try {
      return words.trim() === "" ? {} : JSON.parse(words);
    } catch {
      context.addIssue({ code: "custom", message: "must be a JSON object" });
      return z.NEVER;
    }
  });

const fields = {
  message: text("What is said; {names} in it are filled from the context.").optional(),
  context: json("JSON object of values for the message.").optional(),
  category: choice("How grave it is.", notificationCategories).optional(),
  ident: text("A name to find the notification again by.", 128).optional(),
  user: text("Name or number of the only user it is for.", 150).optional(),
  users: flag("Whether it is for everybody.").optional(),
  admins: flag("Whether it is for administrators.").optional(),
  dismissable: text("Whether it can be dismissed: only `true` says so.", 20)
    .transform((word) => word.toLowerCase() === "true")
    .optional(),
};
type Fields = z.output<z.ZodObject<typeof fields>>;

/** What a form gives, as our notifications have it: an empty text is none. */
async function wanted(db: Database, { ident, user, ...rest }: Fields): Promise<Record<string, unknown>> {
  return given({
    ...rest,
    ident: ident === "" ? null : ident,
    user: user === undefined ? undefined : user === "" ? null : await username(db, user),
  });
}

/** Clients name a user by number, as MAAS's form does, or by name. */
async function username(db: Database, word: string): Promise<string> {
  const row = await db
    .selectFrom("users")
    .select("username")
    .where((eb) =>
      eb.or([eb("username", "=", word), ...(/^[0-9]{1,15}$/.test(word) ? [eb("id", "=", Number(word))] : [])]),
    )
    .executeTakeFirst();
  if (row === undefined) throw InputError.field("user", word, "must be the name of a user");
  return row.username;
}
const id = (call: Call) => numberOf(call, "id", model);

/** `notifications/`. */
export const notificationResources: readonly Resource[] = [
  {
    handler: "NotificationsHandler",
    path: "notifications/",
    doc: "Manage the notifications.",
    operations: {
      GET: operation({
        access: "user",
        title: "List notifications for you that you did not dismiss.",
        parameters: z.object({}),
        run: async (call) => {
          const { items } = await listNotifications(call.db, callerOf(call), { limit: most });
          return { json: await render(call.db, items) };
        },
      }),
      POST: operation({
        access: "admin",
        title: "Say something to a user, to administrators or to everybody.",
        parameters: z.object({ ...fields, message: fields.message.unwrap() }),
        run: async (call, parameters) => {
          const notification = checked(notificationCreate, await wanted(call.db, parameters));
          return renderOne(call.db, await asForm("ident", createNotification(call.db, notification, byOf(call))));
        },
      }),
    },
  },
  {
    handler: "NotificationHandler",
    path: "notifications/{id}/",
    doc: "Manage one notification.",
    operations: {
      GET: operation({
        access: "user",
        title: "Read a notification.",
        parameters: z.object({}),
        run: async (call) =>
          renderOne(call.db, await matching(model, readNotification(call.db, id(call), callerOf(call)))),
      }),
      PUT: operation({
        access: "admin",
        title: "Change a notification; what is not given stays.",
        parameters: z.object(fields),
        run: async (call, parameters) => {
          const change = checked(notificationUpdate, await wanted(call.db, parameters));
          const work = updateNotification(call.db, id(call), change, byOf(call));
          return renderOne(call.db, await asForm("ident", matching(model, work)));
        },
      }),
      DELETE: operation({
        access: "admin",
        title: "Delete a notification.",
        parameters: z.object({}),
        run: async (call) => {
          await matching(model, deleteNotification(call.db, id(call), byOf(call)));
          return { status: 204 };
        },
      }),
      "POST dismiss": operation({
        access: "user",
        title: "Do not be shown a notification any more.",
        parameters: z.object({}),
        run: async (call) => {
          const now = call.clock.now();
          await matching(model, dismissNotification(call.db, id(call), callerOf(call), now));
          return { json: null };
        },
      }),
    },
  },
];
