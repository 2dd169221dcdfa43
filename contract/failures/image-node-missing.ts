import type { Cause } from "./cause.ts";

export const imageNodeMissing = {
  code: "image-node-missing",
  title: "The Node program for machines is missing",
  meaning: "The ephemeral system carries the Node program that runs the agent, which is not where npm puts it.",
  blame: "operator",
  evidence: "None; the sentence says it all.",
  next: "Install the project's dependencies (npm ci), or name the path of a Node program for linux-x64.",
  test: "images/build.test.ts",
} as const satisfies Cause;
