import { z } from "zod";
import { placeName } from "./zones.ts";

/** Machines set apart for a purpose. Every machine is in one. */
export const pool = z.object({
  name: placeName,
  description: z.string(),
  machines: z.int().describe("how many are in it"),
});
export type Pool = z.infer<typeof pool>;
export const poolCreate = z.strictObject({ name: placeName, description: z.string().max(2000).default("") });
export const poolUpdate = z.strictObject({ name: placeName, description: z.string().max(2000) }).partial();
