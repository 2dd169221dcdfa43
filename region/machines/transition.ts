import type { Failure, MachineStatus } from "@rackwright/contract";
import { disksNotErased, makeFailure, unexplained } from "@rackwright/contract";
import type { Firing, MachineRow } from "./fire.ts";
import type { Rule } from "./lifecycle.ts";
import { passing } from "./rules.ts";

/** What of a machine a transition looks at and may change. */
export type Standing = Pick<
  MachineRow,
  | "status"
  | "previous_status"
  | "failure"
  | "previous_failure"
  | "owner_id"
  | "image"
  | "user_data"
  | "ephemeral"
  | "installed"
  | "unerased"
  | "netboot"
  | "power_driver"
>;
type Told = Pick<
  Firing,
  "trigger" | "now" | "caller" | "ownerId" | "failure" | "alreadyRunning" | "deployment" | "keepOn" | "erases"
>;

export type PowerCommand = { action: "cycle" | "off"; decides: boolean; ends: boolean };

/** Whether somebody must switch this machine by hand. */
export const isUnmanaged = ({ power_driver }: Pick<Standing, "power_driver">): boolean =>
  power_driver === null || power_driver === "manual";

/** Statuses in which a deployed system runs: after tests it is started again, however they ended. */
const runs: readonly (MachineStatus | null)[] = ["deployed", "failed testing"];

/** Whether the machine has a deployed system of its own to go back to. */
export const wasRunning = (machine: Pick<Standing, "installed" | "status" | "previous_status">): boolean =>
  machine.installed && (runs.includes(machine.status) || runs.includes(machine.previous_status));

function powerFor(power: NonNullable<Rule["power"]>, machine: Standing): PowerCommand {
  const settles = power.startsWith("settle");
  const action = power === "cycle" || (settles && wasRunning(machine)) ? ("cycle" as const) : ("off" as const);
  const ends = power === "off-last" || power === "settle-last";
  return { action, ends, decides: ends || power === "cycle" };
}

/** Where the rule leads this machine: never to somebody else while its disks still have to be erased. */
function destination(rule: Rule, machine: Standing): MachineStatus {
  const to = target(rule, machine);
  return to === "ready" && machine.unerased ? "failed disk erasing" : to;
}

function target({ to }: Rule, machine: Standing): MachineStatus {
  if (to === "same") return machine.status;
  if (typeof to === "string" && to !== "held") return to;
  const earlier = machine.previous_status ?? "ready";
  const told = to === "held" ? to : (to.before[earlier] ?? earlier);
  if (told !== "held") return told;
  if (machine.installed) return "deployed";
  return machine.owner_id === null ? "ready" : "allocated";
}

/** What the machine keeps as its failure: the new one, or on its way back to a failed status the one it had there. */
function failureAfter(machine: Standing, rule: Rule, to: MachineStatus, told: Told): Failure | null {
  if (rule.fails)
    return told.failure ?? makeFailure(unexplained, `It was reported as '${told.trigger}' without a reason.`);
  const kept = to === machine.previous_status && passing.includes(machine.status) ? machine.previous_failure : null;
  if (kept !== null || to !== "failed disk erasing") return kept;
  return makeFailure(
    disksNotErased,
    "Its disks were to be erased, which was not done: it is given to nobody until then.",
  );
}

/**
 * What a rule makes of a machine: the values that change and the command for its BMC. Pure: the database, the clock and
 * the BMC are somebody else's.
 */
export function transition(machine: Standing, rule: Rule, told: Told) {
  const to = destination(rule, machine);
  const stays = to === machine.status;
  const leaves = !stays && !passing.includes(machine.status);
  const { alreadyRunning = false } = told;
  const waits =
    rule.power && isUnmanaged(machine) && !alreadyRunning
      ? "somebody to switch the machine on, since it has no power driver"
      : alreadyRunning && rule.power
        ? "the machine to report its progress"
        : rule.waits;
  const drops = (change: "settle" | "none" | "set" | "caller" | undefined) =>
    change === "none" || (change === "settle" && !machine.installed);
  const dropsOwner = drops(rule.owner) || to === "ready";
  const dropsDeployment = drops(rule.deployment) || to === "ready";
  const changes = {
    status: to,
    ...(leaves && { previous_status: machine.status, previous_failure: machine.failure }),
    ...((!stays || rule.rearm) && { status_since: told.now }),
    waits_for: rule.waits === undefined ? null : (waits ?? null),
    patience: rule.patience ?? null,
    failure: failureAfter(machine, rule, to, told),
    progress: null,
    ...(rule.netboot !== undefined && { netboot: rule.netboot }),
    ...(rule.owner === "caller" && { owner_id: told.ownerId ?? told.caller?.id ?? null }),
    ...(dropsOwner && { owner_id: null }),
    // Also where the region itself asks: whoever asked before is not to find the machine open to him.
    ...(rule.by !== "world" && { operator_id: told.caller?.id ?? null, keep_on: told.keepOn ?? false }),
    ...(rule.deployment === "set" && {
      image: told.deployment?.image ?? null,
      user_data: told.deployment?.user_data ?? null,
      ephemeral: told.deployment?.ephemeral ?? false,
    }),
    ...(dropsOwner && { agent_name: "", annotations: "{}" }),
    ...(dropsDeployment && {
      image: null,
      user_data: null,
      ephemeral: false,
      hwe_kernel: "",
      enable_hw_sync: false,
    }),
    ...((dropsDeployment || rule.deployment === "set" || to === "releasing" || to === "disk erasing") && {
      installed: false,
    }),
    ...(to === "releasing" && { unerased: told.erases ?? false }),
    ...(to === "disk erasing" && { unerased: true }),
    ...(to === "deployed" && { installed: true }),
  };
  return { to, changes, power: rule.power === undefined ? null : powerFor(rule.power, machine) };
}
