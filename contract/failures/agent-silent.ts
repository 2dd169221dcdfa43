import type { Cause } from "./cause.ts";

export const agentSilent = {
  code: "agent-silent",
  title: "The agent reported, then fell silent",
  meaning:
    "The program in the ephemeral system was at work, and nothing was heard of it any more: the machine stopped, was switched off, or lost its network.",
  blame: "machine",
  evidence: "The last things the agent said.",
  next: "Look at the last step and at the machine's console; check its memory, disk and network cable.",
  test: "bench/fleet/fleet.large.test.ts",
} as const satisfies Cause;
