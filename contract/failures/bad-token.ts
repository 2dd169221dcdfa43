import type { Cause } from "./cause.ts";

export const badToken = {
  code: "bad-token",
  title: "An API key is not valid",
  meaning: "The bearer token is not, or no longer, an API key of a user.",
  blame: "operator",
  evidence: "None; the sentence says it all.",
  next: "Make a new key (POST /api/v1/tokens) and use it as it was shown.",
  test: "region/http/problems.medium.test.ts",
} as const satisfies Cause;
