import type { Cause } from "./cause.ts";

export const scriptNotRun = {
  code: "script-not-run",
  title: "The machine was done before all of its scripts ran",
  meaning:
    "The program on the machine said that it was done although scripts that were asked for had not run to an end. What was not run cannot have passed.",
  blame: "rackwright",
  evidence: "The scripts that did not end.",
  next: "Start again; if it happens again, look at the machine's agent.log events.",
  test: "region/scripts/agent-flow.medium.test.ts",
} as const satisfies Cause;
