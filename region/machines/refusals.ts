import { machineLocked } from "@rackwright/contract";
import { Denied, StateConflict } from "../errors.ts";
import type { Caller, MachineRow } from "./fire.ts";
import { mayOperate } from "../users/access.ts";
import { mayApply, unmetNeed } from "./hints.ts";
import { type Rule, type Trigger, isOperatorTrigger, triggersIn } from "./lifecycle.ts";
import { possibleWhen, stands } from "./standing.ts";

/** Why a machine in its status does not take a trigger, and what it takes. */
export function refused(machine: MachineRow, trigger: Trigger): StateConflict {
  const allowed = triggersIn(machine.status);
  const words = allowed.length > 0 ? `allowed now: ${allowed.join(", ")}` : "nothing can be asked of it now";
  const elsewhere = isOperatorTrigger(trigger) ? possibleWhen(trigger) : null;
  return new StateConflict(
    `Machine ${machine.hostname} ${stands(machine.status)}, which does not allow '${trigger}'; ${words}.`,
    {
      next: machine.waits_for
        ? `It waits for ${machine.waits_for}.`
        : elsewhere === null
          ? `Ask for one of: ${allowed.join(", ") || "none"}.`
          : `'${trigger}' is possible ${elsewhere}.`,
    },
  );
}

/** Refuses where the condition of a rule beyond the status does not hold. */
export function requireNeed(machine: MachineRow, { needs }: Rule, trigger: Trigger): void {
  const unmet = unmetNeed({ ...machine, inventoried: machine.inventory !== null }, needs);
  if (unmet === null) return;
  throw new StateConflict(`Machine ${machine.hostname} ${unmet.words}: '${trigger}' is not possible.`, unmet);
}

/** Refuses to give a machine to somebody else, unless the caller operates its pool. @throws Denied */
export function permitOwner(machine: MachineRow, rule: Rule, caller: Caller, ownerId: number | undefined): void {
  if (rule.owner !== "caller" || ownerId === undefined || ownerId === caller.id || mayOperate(caller, machine)) return;
  // Who has it already goes on having it.
  if (ownerId === machine.owner_id) return;
  throw new Denied(
    `Only an administrator, or an operator of its resource pool, may allocate ${machine.hostname} to somebody else.`,
  );
}

/** Refuses a caller who may not, and everybody while the machine is locked. */
export function permit(machine: MachineRow, rule: Rule, caller: Caller, trigger: Trigger): void {
  if (mayApply(rule.by, machine, caller)) {
    if (!machine.locked || rule.locks !== undefined) return;
    throw new StateConflict(`Machine ${machine.hostname} is locked, which does not allow '${trigger}'.`, machineLocked);
  }
  throw new Denied(
    rule.by === "owner"
      ? `Only the owner of ${machine.hostname} or an administrator may ask it to ${trigger}.`
      : rule.by === "user"
        ? `Only a user or operator of its resource pool may ask ${machine.hostname} to ${trigger}.`
        : `Only an administrator, or an operator of its resource pool, may ask ${machine.hostname} to ${trigger}.`,
  );
}
