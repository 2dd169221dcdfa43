import { z } from "zod";
import { eventLevel, eventTypes } from "./events.ts";
import { filterText, longestFilter, parseFilter } from "./filters.ts";
import { instant } from "./values.ts";

const url = z
  .string()
  .max(2000)
  .refine(
    isWebhookUrl,
    "must be an http or https URL without user name, password or fragment, such as https://example.org/hook",
  )
  .describe("where events are sent, such as https://example.org/hook");

function isWebhookUrl(text: string): boolean {
  const parsed = URL.parse(text);
  return (
    parsed !== null &&
    /^https?:$/.test(parsed.protocol) &&
    parsed.hostname !== "" &&
    parsed.username === "" &&
    parsed.password === "" &&
    parsed.hash === ""
  );
}

const secret = z
  .string()
  .min(16, "must have at least 16 characters")
  .max(500)
  .refine(
    (text) => !text.startsWith("whsec_") || /^whsec_[A-Za-z0-9+/]{22,}={0,2}$/.test(text),
    "that begins with whsec_ must go on in base64",
  )
  .describe("what deliveries are signed with; 'whsec_' and base64, or any text. It is never shown again");

const types = z
  .array(
    z
      .string()
      .max(64)
      .refine(
        (prefix) => prefix !== "" && eventTypes.some((type) => type.startsWith(prefix)),
        "must be an event type or the beginning of one, such as machine.status or machine",
      ),
  )
  .max(50)
  .describe("event types, or beginnings of them; none: all");

const filter = z
  .string()
  .max(longestFilter)
  .superRefine((text, context) => {
    const read = filterText.safeParse(text);
    for (const { message } of read.error?.issues ?? []) context.addIssue({ code: "custom", message });
  })
  .nullable()
  .describe("only events of machines that this filter finds when they are told; null: events of anything");

const description = z.string().max(500).describe("what it is for, in your words");
const level = eventLevel.describe("this level or a graver one");
const enabled = z.boolean().describe("false: nothing is sent");

/** Somebody who is told events by HTTP requests. */
export const webhook = z.object({
  id: z.int(),
  url: z.string(),
  description: z.string(),
  types: z.array(z.string()),
  level: eventLevel,
  filter: z.string().nullable(),
  enabled: z.boolean(),
  disabled_reason: z.string().nullable().describe("why the region itself disabled it"),
  failing_since: instant.nullable().describe("since when every attempt has failed"),
  created_at: instant,
});
export type Webhook = z.infer<typeof webhook>;

export const webhookCreate = z.strictObject({
  url,
  secret,
  description: description.default(""),
  types: types.default([]),
  level: level.default("info"),
  filter: filter.default(null),
  enabled: enabled.default(true),
});
export type WebhookCreate = z.infer<typeof webhookCreate>;
export const webhookUpdate = z.strictObject({ url, secret, description, types, level, filter, enabled }).partial();
export type WebhookUpdate = z.infer<typeof webhookUpdate>;

export const deliveryState = z.enum(["waiting", "delivered", "failed"]).describe("how it stands with it");
/** One event told to one webhook, with what came of the last attempt. */
export const webhookDelivery = z.object({
  id: z.int(),
  event_id: z.int(),
  type: z.string(),
  state: deliveryState,
  attempts: z.int(),
  created_at: instant,
  attempted_at: instant.nullable(),
  status: z.int().nullable().describe("of the answer; null where there was none"),
  answer: z.string().nullable().describe("its beginning"),
  error: z.string().nullable().describe("why the last attempt failed"),
  milliseconds: z.int().nullable(),
});
export type WebhookDelivery = z.infer<typeof webhookDelivery>;

/** The filter of a webhook as the parser reads it. */
export const webhookFilter = (text: string | null) => (text === null ? null : parseFilter(text));
