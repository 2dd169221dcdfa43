import { z } from "zod";

export const secretsRotate = z.strictObject({
  forget_former: z
    .boolean()
    .default(false)
    .describe("delete the former keys: backups of the database from before cannot be read any more"),
});
export const secretsRotated = z.object({
  current: z.string().describe("name of the new key"),
  sealed: z.int().describe("secrets that were sealed anew"),
  forgotten: z.int().describe("keys that were deleted"),
});
export type SecretsRotated = z.infer<typeof secretsRotated>;
