import type { Cause } from "./cause.ts";

export const idempotencyKeyReused = {
  code: "idempotency-key-reused",
  title: "The Idempotency-Key was used for another request",
  meaning:
    "The same caller sent this key within the last day with another method, path or body, which was done. This request was not.",
  blame: "operator",
  evidence: "None; the sentence says it all.",
  next: "Send a key of its own with each request, such as a random UUID; the same key only to repeat the same request.",
  test: "region/http/changes.medium.test.ts",
} as const satisfies Cause;
