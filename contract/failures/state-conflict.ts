import type { Cause } from "./cause.ts";

export const stateConflict = {
  code: "state-conflict",
  title: "It cannot be done in the present state",
  meaning:
    "What was asked exists, but not in this state of the machine or beside what is there already, such as a second thing of the same name. Nothing was changed.",
  blame: "operator",
  evidence: "None; the sentence says it all.",
  next: "Wait until the state has changed, or ask for one of the actions the answer names.",
  test: "region/http/problems.medium.test.ts",
} as const satisfies Cause;
