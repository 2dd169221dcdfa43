import type { Cause } from "./cause.ts";

export const noSuchRoute = {
  code: "no-such-route",
  title: "There is nothing at this path",
  meaning: "The method and path of the request belong to nothing the region serves.",
  blame: "operator",
  evidence: "None; the sentence says it all.",
  next: "The API is described at /api/v1/openapi.json.",
  test: "region/http/problems.medium.test.ts",
} as const satisfies Cause;
