import type { Cause } from "./cause.ts";

export const rackUnreachable = {
  code: "rack-unreachable",
  title: "The machine cannot reach its rack",
  meaning: "The program on the machine asked its rack again and again for minutes, and got no usable answer.",
  blame: "outside",
  evidence: "The last answer or the error of the network.",
  next: "Check that the rack and a region are running and that the machine reaches the rack on TCP 5248.",
  test: "agent/failures.test.ts",
} as const satisfies Cause;
