import { z } from "zod";

/** What is wrong with a machine's BMC. All of it is off unless set; setting faults replaces the earlier ones. */
export const faults = z.strictObject({
  /** Drops every datagram, as if the cable of the BMC were out. */
  silent: z.boolean().default(false),
  /** Answers that much later. */
  delayMilliseconds: z.int().min(0).max(60_000).default(0),
  /** Drops so many of a hundred datagrams that come in. */
  lossPercent: z.number().min(0).max(100).default(0),
  /** Says this of the power, whatever it is. */
  claimsPower: z.enum(["on", "off"]).optional(),
  /** Accepts power actions and does nothing. */
  ignoresControl: z.boolean().default(false),
  /** Refuses power actions (completion code FF). */
  refusesControl: z.boolean().default(false),
  /** The password that the BMC really has, unlike the one the lab tells. */
  password: z.string().min(1).max(20).optional(),
});
export type Faults = z.output<typeof faults>;
export type FaultWish = z.input<typeof faults>;

export const noFaults: Faults = faults.parse({});
