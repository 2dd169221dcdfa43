import type { Cause } from "./cause.ts";

export const methodNotAllowed = {
  code: "method-not-allowed",
  title: "There is nothing to do by this method here",
  meaning: "The path exists, but not with the method of the request.",
  blame: "operator",
  evidence: "None; the sentence says it all.",
  next: "The answer's header Allow names the methods; the API is described at /api/v1/openapi.json.",
  test: "region/http/problems.medium.test.ts",
} as const satisfies Cause;
