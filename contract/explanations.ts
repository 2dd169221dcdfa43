import { z } from "zod";
import { failure } from "./failures.ts";
import { blames } from "./failures/cause.ts";
import { machineStatus } from "./machines.ts";
import { timeline } from "./timeline.ts";
import { hostname, instant, systemId } from "./values.ts";

/** A cause of the failure catalogue, as the API shows it. */
export const causeDescription = z.object({
  code: z.string(),
  title: z.string(),
  meaning: z.string(),
  blame: z.enum(blames).describe("who has to act: the operator, the machine or a peer, Rackwright, the world outside"),
  evidence: z.string().describe("which lines come with it as proof"),
  next: z.string(),
});
export type CauseDescription = z.infer<typeof causeDescription>;

/** How a machine fares: its last task failed, it waits for something, or all is well. */
export const verdict = z.enum(["failed", "waiting", "healthy"]);
export type Verdict = z.infer<typeof verdict>;

/** Something that was seen of the machine, or around it, since its present task began. */
export const sighting = z.object({
  at: instant,
  source: z.string().describe("type of the event: what was seen on the wire, of the BMC, or said by the machine"),
  text: z.string(),
});

/** Why a machine is as it is, in one document. */
export const explanation = z.object({
  machine_id: systemId,
  hostname,
  status: machineStatus,
  verdict,
  sentence: z.string().describe("the whole of it in one sentence"),
  next: z.string().nullable().describe("what to do; null where nothing needs to be done"),
  failure: failure.nullable(),
  cause: causeDescription.nullable().describe("the failure catalogue's entry of the failure's code"),
  waits: z
    .object({
      for: z.string(),
      since: instant,
      until: instant.nullable(),
      afterwards: z.string().describe("what happens when the time is up"),
    })
    .nullable(),
  seen: z.array(sighting).describe("the last thing seen of each kind since the task began, oldest first"),
  troubles: z
    .array(sighting.extend({ failure }))
    .describe("failures along the way: of this machine, and of racks, images and networks meanwhile; newest first"),
  phases: timeline.shape.phases.describe("the last phases of the machine's life"),
});
export type Explanation = z.infer<typeof explanation>;
