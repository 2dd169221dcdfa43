import { type MachineStatus, machineStatuses } from "@rackwright/contract";
import { type OperatorTrigger, lifecycle, operatorTriggers } from "./lifecycle.ts";

/** Of more statuses than this a list says less than nothing. */
const most = 9;

/** A status as what a machine does or did: "is ready", "failed commissioning", "is in rescue mode". */
export function stands(status: MachineStatus): string {
  if (status.startsWith("failed ")) return status;
  return status === "rescue mode" ? "is in rescue mode" : `is ${status}`;
}

/** When an action can be asked for: "while it is ready, and after failed testing"; null where that is nearly always. */
export function possibleWhen(trigger: OperatorTrigger): string | null {
  return possible.get(trigger) ?? null;
}

function statusesWith(trigger: OperatorTrigger): string | null {
  const statuses = machineStatuses.filter((status) => lifecycle[status][trigger] !== undefined);
  if (statuses.length === 0 || statuses.length > most) return null;
  const failed = statuses.filter((status) => status.startsWith("failed "));
  const others = statuses.filter((status) => !failed.includes(status)).map((status) => stands(status).slice(3));
  return [
    ...(others.length === 0 ? [] : [`while it is ${either(others)}`]),
    ...(failed.length === 0 ? [] : [`after ${either(failed)}`]),
  ].join(", and ");
}

const either = (words: readonly string[]): string =>
  words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;

/** Said of every machine of a list, and always the same: put into words once. */
const possible: ReadonlyMap<OperatorTrigger, string | null> = new Map(
  operatorTriggers.map((trigger) => [trigger, statusesWith(trigger)]),
);
