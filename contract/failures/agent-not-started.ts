import type { Cause } from "./cause.ts";

export const agentNotStarted = {
  code: "agent-not-started",
  title: "The ephemeral system came up and its agent did not",
  meaning:
    "The machine fetched the whole ephemeral system, and the program that does the work there never reported: too little memory, a wrong clock, or cloud-init could not read its metadata.",
  blame: "machine",
  evidence: "The files the machine fetched and what its cloud-init said.",
  next: "Look at the machine's console and at its metadata.denied events; check its memory and its clock.",
  test: "bench/fleet/fleet.large.test.ts",
} as const satisfies Cause;
