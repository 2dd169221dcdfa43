import { z } from "zod";
import { instant, systemId } from "./values.ts";

/** Phases of a machine's life: what it does for us, and what it is kept in. */
export const phaseName = z.enum([
  "enlist",
  "commission",
  "test",
  "deploy",
  "ssh",
  "release",
  "erase",
  "enter rescue",
  "rescue",
  "exit rescue",
  "broken",
]);
export type PhaseName = z.infer<typeof phaseName>;

export const phaseOutcome = z.enum(["running", "ok", "failed"]);
export type PhaseOutcome = z.infer<typeof phaseOutcome>;

/** How long it takes on machines of the same vendor and product: the median of the last hundred that went well. */
export const usualTime = z.object({ seconds: z.number(), samples: z.int() });
export type UsualTime = z.infer<typeof usualTime>;

const span = {
  started_at: instant,
  ended_at: instant.nullable(),
  seconds: z.number().nullable().describe("how long it took; null while it runs"),
  outcome: phaseOutcome,
  usual: usualTime.nullable().describe("null while fewer than three machines of this model have done it"),
};

/** A part of a phase: of the boot (power, firmware, dhcp, loader, kernel, system …), of the agent or of cloud-init. */
export const phaseStep = z.object({ name: z.string(), title: z.string(), ...span });
export type PhaseStep = z.infer<typeof phaseStep>;

/** A phase of a machine's life, read from its events. */
export const phase = z.object({ name: phaseName, ...span, steps: z.array(phaseStep) });
export type Phase = z.infer<typeof phase>;

export const timeline = z.object({
  machine_id: systemId,
  model: z.string().nullable().describe("vendor and product, whose usual times are told"),
  phases: z.array(phase),
});
export type Timeline = z.infer<typeof timeline>;
