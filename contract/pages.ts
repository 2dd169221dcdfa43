import { z } from "zod";

/** Query of every list: `limit` rows after `cursor`. */
export const pageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(1000).default(50),
  cursor: z.string().max(200).optional(),
});
/** Answer of every list; `next` is the cursor of the following page, null at the end. */
export const pageOf = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item), next: z.string().nullable() });

/** The number of a row in a path: decimal digits and nothing else. */
export const rowId = z
  .string()
  .regex(/^[1-9][0-9]{0,14}$/, "must be a number from the list")
  .transform(Number);
