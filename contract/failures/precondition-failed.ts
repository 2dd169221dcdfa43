import type { Cause } from "./cause.ts";

export const preconditionFailed = {
  code: "precondition-failed",
  title: "It was changed since it was last seen",
  meaning:
    "The request said by If-Match which state of the thing it was made for, and the thing is in another state now. Nothing was changed.",
  blame: "operator",
  evidence: "The fields that changed, with their values now.",
  next: "Read it again, look at what changed, and ask with the entity tag of the new answer if it is still what you want.",
  test: "region/http/changes.medium.test.ts",
} as const satisfies Cause;
