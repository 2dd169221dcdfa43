import { z } from "zod";

/**
 * Why something failed, told so that an operator can act on it.
 * `code` is stable and names the cause; `message` is one sentence; `evidence` are the lines that prove it
 * (never secrets); `next` says what to do.
 */
export const failure = z.object({
  code: z.string().regex(/^[a-z][a-z0-9-]{1,63}$/),
  message: z.string().max(2000),
  evidence: z.array(z.string().max(2000)).max(50).default([]),
  next: z.string().max(2000),
});
export type Failure = z.infer<typeof failure>;

/** RFC 9457 problem document; `failures` names each bad field with its value and what is allowed. */
export const problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.string(),
  next: z.string().optional(),
  failures: z.array(z.object({ field: z.string(), value: z.unknown().optional(), allowed: z.string() })).optional(),
});
export type Problem = z.infer<typeof problem>;
