import type { Cause } from "./cause.ts";

export const tooManyStreams = {
  code: "too-many-streams",
  title: "All event streams of the region are in use",
  meaning: "The region follows events for as many clients as it can. Other requests are served.",
  blame: "outside",
  evidence: "None; the sentence says it all.",
  next: "Try again later, or close pages and programs that follow the events.",
  test: "region/failures/failures.medium.test.ts",
} as const satisfies Cause;
