import type { BootDecision, BootRequest, Failure, RuleOutcome } from "@rackwright/contract";
import { memoryCommandLine } from "./command-line.ts";
import type { BootFacts } from "./facts.ts";
import { file, situationOf } from "./situation.ts";
import { type BootRule, bootRules } from "./rules.ts";

/** The host name a machine has until it has one of its own. */
export const enlistingHostname = "rackwright-enlist";

/** What the machine boots, the rule that said so, and what is wrong where it can boot nothing. Pure. */
export function decide(
  facts: BootFacts,
  request: BootRequest,
): { decision: BootDecision; rule: BootRule; failure: Failure | null } {
  const situation = situationOf(facts, request);
  const rule = bootRules.find((candidate) => candidate.when(situation).holds);
  if (rule === undefined) throw new Error("the last boot rule must match everything");
  const { machine, architecture } = situation;
  const hostname = machine?.hostname ?? enlistingHostname;
  const memory = rule.purpose === "memory";
  const boots = rule.purpose !== "local" && rule.purpose !== "none";
  const image = memory ? situation.deployable : situation.ephemeral;
  const part = (role: string): BootDecision["kernel"] => {
    const found = boots ? file(image, role) : null;
    return found === null ? null : { name: found.name, sha256: found.sha256, size: found.size };
  };
  const squashfs = boots ? file(image, "squashfs") : null;
  return {
    decision: {
      machine_id: machine?.id ?? null,
      purpose: rule.purpose,
      rule: rule.words(situation),
      architecture,
      hostname,
      kernel: part("boot-kernel"),
      initrd: part("boot-initrd"),
      command_line:
        squashfs === null || architecture === null
          ? ""
          : memoryCommandLine({
              architecture,
              hostname,
              squashfs: squashfs.sha256,
              machineId: machine?.id ?? null,
              nomodeset: !memory,
              tagOptions: machine?.kernelOptions ?? "",
            }),
    },
    rule,
    failure: rule.failure?.(situation) ?? null,
  };
}

/** How every rule fared, in their order: the same conditions `decide` looks at, and what was seen. Pure. */
export function judgeRules(facts: BootFacts, request: BootRequest): RuleOutcome[] {
  const situation = situationOf(facts, request);
  let winner: string | undefined;
  return bootRules.map(({ name, purpose, when, words }) => {
    if (winner !== undefined) return { name, purpose, outcome: "not reached", why: `'${winner}' had decided already` };
    const { holds, because } = when(situation);
    if (!holds) return { name, purpose, outcome: "lost", why: because };
    winner = name;
    return { name, purpose, outcome: "won", why: `${because}: ${words(situation)}` };
  });
}
