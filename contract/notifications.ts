import { z } from "zod";
import { instant } from "./values.ts";

export const notificationCategories = ["error", "warning", "success", "info"] as const;
const message = z.string().min(1).max(2000).describe("what is said; {names} in it are filled from the context");
const ident = z
  .string()
  .min(1)
  .max(128)
  .describe("a name of your own, by which a program finds the notification again");
const context = z
  .record(z.string().max(100), z.union([z.string().max(2000), z.number(), z.boolean(), z.null()]))
  .refine((values) => Object.keys(values).length <= 100, "must have at most 100 values")
  .describe("what {names} in the message are filled with");

/** Something that is said to one user, to the administrators or to everybody until they dismiss it. */
export const notification = z.object({
  id: z.int(),
  ident: z.string().nullable(),
  user: z.string().nullable().describe("name of the only user it is for"),
  users: z.boolean().describe("for everybody"),
  admins: z.boolean().describe("for administrators"),
  message: z.string(),
  text: z.string().describe("the message with the context filled in"),
  context: z.record(z.string(), z.unknown()),
  category: z.enum(notificationCategories),
  dismissable: z.boolean(),
  created_at: instant,
  updated_at: instant,
});
export type Notification = z.infer<typeof notification>;

const fields = {
  message,
  ident: ident.nullable().describe("a name of your own, by which a program finds the notification again"),
  user: z.string().min(1).max(150).nullable().describe("name of the only user it is for"),
  users: z.boolean().describe("for everybody"),
  admins: z.boolean().describe("for administrators"),
  context,
  category: z.enum(notificationCategories).describe("how grave it is"),
  dismissable: z.boolean().describe("false: it stays until it is deleted"),
};
export const notificationCreate = z.strictObject({
  message,
  ident: fields.ident.default(null),
  user: fields.user.default(null),
  users: fields.users.default(false),
  admins: fields.admins.default(false),
  context: context.default({}),
  category: fields.category.default("info"),
  dismissable: fields.dismissable.default(true),
});
export type NotificationCreate = z.infer<typeof notificationCreate>;
export const notificationUpdate = z.strictObject(fields).partial();
export type NotificationUpdate = z.infer<typeof notificationUpdate>;
