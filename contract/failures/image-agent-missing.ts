import type { Cause } from "./cause.ts";

export const imageAgentMissing = {
  code: "image-agent-missing",
  title: "The agent is not built",
  meaning: "The ephemeral system carries the agent, which has not been bundled yet.",
  blame: "operator",
  evidence: "None; the sentence says it all.",
  next: "Build the agent first, then the images.",
  test: "images/build.test.ts",
} as const satisfies Cause;
