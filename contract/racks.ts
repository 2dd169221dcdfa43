import { z } from "zod";
import { rackInterface } from "./rack-link.ts";
import { hostname, instant } from "./values.ts";

/** A rack controller as the API shows it. Its secret is never part of it. */
export const rack = z.object({
  name: hostname,
  connected: z.boolean(),
  connected_at: instant.nullable().describe("when its present or last link began"),
  seen_at: instant.nullable().describe("last sign of life, refreshed every 15 s while linked"),
  version: z.string().nullable(),
  http_port: z.int().nullable(),
  interfaces: z.array(rackInterface),
});
export type Rack = z.infer<typeof rack>;
