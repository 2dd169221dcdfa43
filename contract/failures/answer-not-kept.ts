import type { Cause } from "./cause.ts";

export const answerNotKept = {
  code: "answer-not-kept",
  title: "It was done already, and its answer is not kept",
  meaning:
    "The request with this Idempotency-Key was done, but its answer held a secret or was too long to keep. It was not done again.",
  blame: "operator",
  evidence: "None; the sentence says it all.",
  next: "Look at what was made. Where its secret is lost, delete it and make another one, with another key.",
  test: "region/http/changes.medium.test.ts",
} as const satisfies Cause;
