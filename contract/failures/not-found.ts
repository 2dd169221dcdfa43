import type { Cause } from "./cause.ts";

export const notFound = {
  code: "not-found",
  title: "There is no such thing",
  meaning: "What the request names by its id or name does not exist, or no longer.",
  blame: "operator",
  evidence: "None; the sentence says it all.",
  next: "List the things of this kind to see what there is.",
  test: "region/http/problems.medium.test.ts",
} as const satisfies Cause;
