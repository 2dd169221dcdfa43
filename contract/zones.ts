import { z } from "zod";

/** The zone and the pool that always exist. */
export const defaultPlace = "default";

export const placeName = z
  .string()
  .max(256)
  .regex(
    /^\w(?:[ \w-]*[\w-])?$/,
    "must be letters, digits, '_', '-' and spaces, beginning with a letter or digit, and at most 256 of them",
  );

/** A part of the site that fails as a whole: a room, a row, a power feed. Every machine is in one. */
export const zone = z.object({
  name: placeName,
  description: z.string(),
  machines: z.int().describe("how many are in it"),
});
export type Zone = z.infer<typeof zone>;
export const zoneCreate = z.strictObject({ name: placeName, description: z.string().max(2000).default("") });
export const zoneUpdate = z.strictObject({ name: placeName, description: z.string().max(2000) }).partial();
