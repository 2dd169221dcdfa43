import { z } from "zod";
import { event } from "./events.ts";
import { systemId } from "./values.ts";

/** What a request with `dry_run=true` would have done. Nothing of it was done. */
export const plan = z.object({
  dry_run: z.literal(true),
  status: z.int().describe("HTTP status it would have been answered with"),
  before: z
    .record(z.string(), z.unknown())
    .nullable()
    .describe("the thing at the path as it is; null where there is none"),
  after: z.unknown().describe("what it would have been answered; null for nothing"),
  changed: z.array(z.string()).describe("fields in which before and after differ"),
  events: z.array(event.omit({ id: true })).describe("events that would have been written"),
  power: z
    .array(z.object({ machine_id: systemId, action: z.string(), boot_device: z.string().nullable() }))
    .describe("commands that would have been sent to BMCs"),
});
export type Plan = z.infer<typeof plan>;
