import type { Cause } from "./cause.ts";

export const badInput = {
  code: "bad-input",
  title: "A request holds something that is not allowed",
  meaning: "A field of a request is missing, unknown, of the wrong form or out of its bounds. Nothing was changed.",
  blame: "operator",
  evidence: "Each bad field with its value (never of a secret) and what is allowed.",
  next: "Correct the named fields; the API is described at /api/v1/openapi.json.",
  test: "region/http/problems.medium.test.ts",
} as const satisfies Cause;
