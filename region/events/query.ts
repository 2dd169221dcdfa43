import { eventKind, eventLevel, macAddress, pageQuery, systemId } from "@rackwright/contract";
import { z } from "zod";
import { filterMeaning } from "../filter/page.ts";
import { eventList } from "./filter.ts";

const moment = z.iso
  .datetime({ offset: true, error: "must be a moment in ISO 8601 such as 2026-01-31T12:00:00Z" })
  .transform((text) => new Date(text));

const filters = {
  kind: eventKind.optional().describe("audit: what users did, with the fields they changed before and after"),
  machine: systemId.optional().describe("events of this machine and of its network cards before it was known"),
  mac: macAddress.optional().describe("events of this network card"),
  rack: z.string().min(1).max(63).optional().describe("events of this rack"),
  actor: z.string().min(1).max(150).optional().describe("who caused it: a user name, machine, rack or region"),
  type: z
    .string()
    .regex(/^[a-z.-]{1,64}$/, "must be the beginning of an event type such as 'dhcp' or 'machine.status'")
    .optional(),
  level: eventLevel.optional().describe("this level or a graver one"),
  text: z.string().min(1).max(200).optional().describe("part of the message, in whatever case"),
  since: moment.optional().describe("events at this moment or later"),
  until: moment.optional().describe("events before this moment"),
};
const position = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

/** Query of the list of events. */
export const eventQuery = pageQuery.extend({
  ...filters,
  cursor: position.optional().describe("id of an event: the page goes on after it, with order=desc before it"),
  order: z.enum(["asc", "desc"]).default("asc"),
  filter: z.string().optional().describe(filterMeaning(eventList)),
});

/** Query of the stream of events. */
export const streamQuery = z.object({
  ...filters,
  cursor: position.optional().describe("id of the last event seen; the header Last-Event-ID goes first"),
});
export const lastEventId = position;
