import { eventLevel, pageQuery, systemId } from "@rackwright/contract";
import { z } from "zod";

const filters = {
  machine: systemId.optional().describe("events of this machine and of its network cards before it was known"),
  type: z
    .string()
    .regex(/^[a-z.-]{1,64}$/, "must be the beginning of an event type such as 'dhcp' or 'machine.status'")
    .optional(),
  level: eventLevel.optional().describe("this level or a graver one"),
};
const position = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

/** Query of the list of events. */
export const eventQuery = pageQuery.extend({
  ...filters,
  cursor: position.optional().describe("id of the last event seen"),
  order: z.enum(["asc", "desc"]).default("asc"),
});

/** Query of the stream of events. */
export const streamQuery = z.object({
  ...filters,
  cursor: position.optional().describe("id of the last event seen; the header Last-Event-ID goes first"),
});
export const lastEventId = position;
