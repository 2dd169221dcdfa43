import type { Cause } from "./cause.ts";

export const agentDefect = {
  code: "agent-defect",
  title: "The agent met an error it does not know",
  meaning: "The program on the machine ran into a defect of its own.",
  blame: "rackwright",
  evidence: "The lines of the error, with the places in the program.",
  next: "Try the action again; if it fails the same way, report these lines as a defect of Rackwright.",
  test: "agent/failures.test.ts",
} as const satisfies Cause;
