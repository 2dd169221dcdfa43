import { notCommissioned, notInstalled, notOwned, stillDeployed } from "@rackwright/contract";
import { type ActionHint, type MachineAction, machineActions, type MachineStatus } from "@rackwright/contract";
import { type Caller, mayOperate, mayUse } from "../users/access.ts";
import { type Rule, isOperatorTrigger, ruleFor } from "./lifecycle.ts";
import { possibleWhen, stands } from "./standing.ts";

/** What the rules look at besides the status. */
export type Standing = {
  hostname: string;
  status: MachineStatus;
  owner_id: number | null;
  pool_id: number;
  locked: boolean;
  installed: boolean;
  ephemeral: boolean;
  netboot?: boolean;
  inventoried: boolean;
  power_driver: string | null;
};

/** Whether this user may do what the rule asks for with a machine of that owner in that pool. */
export function mayApply(
  by: Rule["by"],
  machine: { owner_id: number | null; pool_id: number },
  caller: Caller,
): boolean {
  if (by === "world") return false;
  if (mayOperate(caller, machine)) return true;
  if (by === "administrator" || !mayUse(caller, machine)) return false;
  return by === "user" || machine.owner_id === caller.id;
}

/** What a rule needs that this machine lacks: code, the words after its name, and what to do; null when nothing. */
export function unmetNeed(
  machine: Pick<Standing, "netboot" | "ephemeral" | "inventoried" | "owner_id" | "installed">,
  needs: Rule["needs"],
): { code: string; words: string; next: string } | null {
  switch (needs) {
    case "installed":
      return machine.netboot && !machine.ephemeral
        ? { ...notInstalled, words: "has not finished its installation" }
        : null;
    case "inventory":
      return machine.inventoried ? null : { ...notCommissioned, words: "was never commissioned" };
    case "owned":
      return machine.owner_id === null ? { ...notOwned, words: "belongs to nobody" } : null;
    case "undeployed":
      return machine.installed ? { ...stillDeployed, words: "still has the system it was deployed with" } : null;
    case undefined:
      return null;
  }
}

const powerActions: readonly MachineAction[] = ["power_on", "power_off", "power_cycle", "query_power"];

/** Why this user cannot ask for the action now; null where it can be asked. */
function obstacle(machine: Standing, action: MachineAction, viewer: Caller): string | null {
  if (machine.locked && action !== "unlock" && action !== "query_power") return "it is locked; unlock it first";
  if (powerActions.includes(action)) {
    if (machine.power_driver === null || machine.power_driver === "manual")
      return "it has no power driver that can be asked";
    return action === "query_power" || mayApply("owner", machine, viewer)
      ? null
      : "only its owner or an administrator may switch it";
  }
  if (!isOperatorTrigger(action)) return null;
  if (action === "unlock" && !machine.locked) return "it is not locked";
  const rule = ruleFor(machine.status, action);
  if (rule === undefined) {
    const elsewhere = possibleWhen(action);
    return `it ${stands(machine.status)}${elsewhere === null ? "" : `; possible ${elsewhere}`}`;
  }
  const unmet = unmetNeed(machine, rule.needs);
  if (unmet !== null) return `it ${unmet.words}`;
  if (mayApply(rule.by, machine, viewer)) return null;
  if (rule.by === "owner") return "only its owner or an administrator may";
  return rule.by === "user"
    ? "only users and operators of its resource pool may"
    : "only an administrator or an operator of its resource pool may";
}

/** Every action with whether this user may ask for it now, and why not. */
export function hintsFor(machine: Standing, viewer: Caller): ActionHint[] {
  return machineActions.map((action) => {
    const why = obstacle(machine, action, viewer);
    return { action, allowed: why === null, why };
  });
}

/** What this user may ask of the machine now. */
export function actionsFor(machine: Standing, viewer: Caller): MachineAction[] {
  return machineActions.filter((action) => obstacle(machine, action, viewer) === null);
}
