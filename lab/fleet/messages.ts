import { z } from "zod";

/** Lines to the fleet's program: after its settings, presses of power buttons, and questions which machines run. */
export const fleetOrder = z.union([
  z.strictObject({ press: z.int(), wish: z.enum(["on", "off"]) }),
  z.strictObject({ ask: z.literal("powered") }),
]);
export type FleetOrder = z.infer<typeof fleetOrder>;

/** Lines from it: that all machines are there, which of them run, and what went wrong without being a machine's fault. */
export const fleetAnswer = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("ready") }),
  z.strictObject({ kind: z.literal("powered"), numbers: z.array(z.int()) }),
  z.strictObject({ kind: z.literal("defect"), number: z.int(), error: z.string() }),
]);
export type FleetAnswer = z.infer<typeof fleetAnswer>;
