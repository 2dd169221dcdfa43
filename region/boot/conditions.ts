import { architectureName } from "./architectures.ts";
import type { BootMachine } from "./facts.ts";
import { memoryRoles, missingForMemory, shortOfMemory } from "./memory.ts";
import { type Order, orderOf } from "./orders.ts";
import type { Situation } from "./situation.ts";

/** Whether a rule's condition holds, and what was seen that says so, in words for an operator. */
export type Verdict = { holds: boolean; because: string };
export type Condition = (situation: Situation) => Verdict;

/** A rule for known machines looked at a stranger. */
export const unknown: Verdict = { holds: false, because: "no machine is known by this network card or UUID" };

/** A known machine in one of these statuses. */
export const status =
  (...wanted: BootMachine["status"][]): Condition =>
  ({ machine }) => {
    if (machine === null) return unknown;
    const holds = wanted.includes(machine.status);
    return { holds, because: `the machine is ${machine.status}${holds ? "" : `, not ${wanted.join(" or ")}`}` };
  };

/** A known machine whose life wants it to run this. */
export const ordered =
  (order: Order): Condition =>
  ({ machine }) => {
    if (machine === null) return unknown;
    const actual = orderOf(machine);
    const instead = actual === order ? "" : `: its order is '${actual}', not '${order}'`;
    return { holds: actual === order, because: `the machine is ${standing(machine)}${instead}` };
  };

/** The machine's status, with what else its order depends on. */
function standing({ status, netboot, installed, ephemeral, patience }: BootMachine): string {
  if (status === "deploying") {
    if (ephemeral) return "deploying to memory";
    return `deploying, and the system is ${netboot ? "not on its disk yet" : "on its disk"}`;
  }
  if (status === "deployed") return ephemeral ? "deployed to memory" : status;
  if (status === "releasing") return patience === null ? status : "releasing, with scripts to run first";
  return installed ? `${status}, and keeps the system it was deployed with` : status;
}

/** Both conditions, the second looked at only where the first holds. */
export const both =
  (one: Condition, other: Condition): Condition =>
  (situation) => {
    const first = one(situation);
    if (!first.holds) return first;
    const second = other(situation);
    const more = second.because.startsWith(first.because);
    return { holds: second.holds, because: more ? second.because : `${first.because}, and ${second.because}` };
  };

/** Nothing here starts on the firmware that asks. */
export const unservable: Condition = ({ architecture, request }) =>
  architecture === null
    ? { holds: true, because: `nothing here starts on this firmware (${architectureName(request)})` }
    : { holds: false, because: `its firmware starts ${architecture}, which is served` };
/** The ephemeral system is not here for this architecture. */
export const noEphemeral: Condition = ({ ephemeral, architecture }) =>
  ephemeral === null
    ? { holds: true, because: `no whole ephemeral image for ${architecture} is in the image store` }
    : { holds: false, because: `the ephemeral image ${ephemeral.name} for ${architecture} is here` };
/** The image the machine is deployed with is not here. */
export const noDeployable: Condition = ({ deployable, machine, architecture }) =>
  deployable === null
    ? { holds: true, because: `the image ${machine?.image ?? "(none)"} for ${architecture} is not in the image store` }
    : { holds: false, because: `the image ${deployable.name} for ${architecture} is here` };
/** That image lacks what running from memory takes. */
export const notForMemory: Condition = ({ deployable }) => {
  const failure = deployable === null ? null : missingForMemory(deployable);
  return {
    holds: failure !== null,
    because: failure?.message ?? `${deployable?.name ?? "no image"} has ${memoryRoles.join(", ")}`,
  };
};
/** The machine cannot hold that image in memory. */
export const tooLittleMemory: Condition = ({ machine, deployable }) => {
  const failure = machine === null || deployable === null ? null : shortOfMemory(machine.memory, deployable);
  return { holds: failure !== null, because: failure?.message ?? "its memory holds the image" };
};
