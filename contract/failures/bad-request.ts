import type { Cause } from "./cause.ts";

export const badRequest = {
  code: "bad-request",
  title: "A request could not be read",
  meaning:
    "The request is not HTTP or JSON as it should be: a broken body, a wrong length, a header that cannot be. Nothing was changed.",
  blame: "operator",
  evidence: "None; the sentence says it all.",
  next: "Send a JSON body with content-type application/json; the API is described at /api/v1/openapi.json.",
  test: "region/http/problems.medium.test.ts",
} as const satisfies Cause;
