import { filterText, longestFilter } from "@rackwright/contract";
import { z } from "zod";
import type { Database } from "../database/pool.ts";
import type { App } from "../http/app.ts";
import { callerOf } from "../http/auth.ts";
import { completeMachineFilter } from "./complete.ts";
import { countBy, countMachines, machineCounts } from "./counts.ts";

const tags = ["machines"];

const completion = z.object({
  from: z.int().describe("the part of the text, in characters, that an option takes the place of"),
  to: z.int(),
  options: z.array(z.object({ text: z.string(), meaning: z.string() })),
});

/** Routes about many machines at once that list none: how many there are, and what a filter may say. */
export function registerCountRoutes(routes: App, db: Database): void {
  routes.get(
    "/api/v1/machines/counts",
    {
      schema: {
        tags,
        summary: "How many machines there are, in groups",
        querystring: z.object({ by: countBy.prefault("status"), filter: filterText.optional() }),
        response: { 200: machineCounts },
      },
    },
    async (incoming) => countMachines(db, { ...incoming.query, viewer: callerOf(incoming) }),
  );

  routes.get(
    "/api/v1/machines/filter/complete",
    {
      schema: {
        tags,
        summary: "What may be typed at a place in a filter, with values that exist",
        querystring: z.object({
          text: z.string().max(longestFilter).default(""),
          at: z.coerce
            .number()
            .int()
            .min(0)
            .max(longestFilter)
            .optional()
            .describe("characters before it; by default all"),
        }),
        response: { 200: completion },
      },
    },
    async (incoming) => {
      const { text, at = text.length } = incoming.query;
      return completeMachineFilter(db, { text, at, viewer: callerOf(incoming) });
    },
  );
}
