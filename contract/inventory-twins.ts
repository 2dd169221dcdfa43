import { z } from "zod";
import { systemId } from "./values.ts";

const value = z.string().describe("in words; the same words mean the same hardware");

/** Machines of one model, property by property: what most have, and who has something else. */
export const twins = z.object({
  vendor: z.string(),
  product: z.string(),
  machines: z.int(),
  alike: z.boolean().describe("no property differs"),
  properties: z.array(
    z.object({
      property: z.string(),
      majority: value.nullable().describe("what more than half have; null: two that differ, or no such half"),
      values: z.array(z.object({ value, machines: z.int() })).describe("the most frequent first"),
      different: z
        .array(z.object({ id: systemId, hostname: z.string(), value }))
        .describe("those without the majority's value; all, where there is no majority"),
      left_off: z.int().describe("different machines beyond those told"),
    }),
  ),
});
export type Twins = z.infer<typeof twins>;
