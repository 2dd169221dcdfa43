import type { Cause } from "./cause.ts";

export const idempotencyKeyBusy = {
  code: "idempotency-key-busy",
  title: "The request with this Idempotency-Key is still being done",
  meaning:
    "The first request with the key has not ended, so its answer cannot be told yet. Nothing was done for this one.",
  blame: "operator",
  evidence: "None; the sentence says it all.",
  next: "Ask again with the same key in a moment.",
  test: "region/http/changes.medium.test.ts",
} as const satisfies Cause;
