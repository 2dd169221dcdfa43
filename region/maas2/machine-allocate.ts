import { z } from "zod";
import { StateConflict } from "../errors.ts";
import { noMachineAvailable } from "@rackwright/contract";
import { chooseMachine, takeMachine } from "../machines/allocate.ts";
import { interfacesFor } from "../machines/network-constraints.ts";
import type { StorageMatch } from "../machines/storage-wish.ts";
import { callerOf } from "./common.ts";
import { bridgeFields, bridgesOf } from "./machine-actions.ts";
import { inMaasWords, machineWith } from "./machine-call.ts";
import { allocationParameters, selectionOf } from "./machine-filter.ts";
import { type Operation, operation } from "./operation.ts";
import { flag, text } from "./parameters.ts";

const controls = {
  ...bridgeFields,
  comment: text("Why, for the events.", 2000).optional(),
  agent_name: text("Who allocates, where it is a program.", 255).default(""),
  dry_run: flag("Only say which machine it would be.").default(false),
  verbose: flag("Say more of what was matched.").default(false),
};
const parameters = z.object({ ...allocationParameters.shape, ...controls });
type Wanted = z.output<typeof parameters>;

/** What was asked for, in the order of the parameters' names: `mem=4096 tags=ssd,gpu`. */
function given(wanted: Wanted): [string, string[]][] {
  return Object.entries(wanted)
    .filter(([name]) => Object.hasOwn(allocationParameters.shape, name))
    .map(([name, value]): [string, string[]] => [name, [value ?? []].flat().map(String)])
    .filter(([, values]) => values.length > 0)
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function noneAvailable(wanted: Wanted): StateConflict {
  const asked = given(wanted);
  const [only] = asked;
  const next = { ...noMachineAvailable, next: undefined };
  if (only === undefined) return new StateConflict("No machine available.", next);
  if (asked.length === 1 && only[0] === "system_id")
    return new StateConflict(`No machine with system ID ${only[1].join(", ").slice(0, 200)} available.`, next);
  const pairs = asked.map(([name, values]) => `('${name}', [${values.map((value) => `'${value}'`).join(", ")}])`);
  const words = asked.map(([name, values]) => `${name}=${values.join(",")}`).join(" ");
  return new StateConflict(
    `No available machine matches constraints: [${pairs.join(", ")}] (resolved to "${words}")`.slice(0, 2000),
    next,
  );
}

/** What each label of the constraints means on the machine. */
function byType(
  wanted: Wanted,
  machineId: string,
  found: { storage: StorageMatch; interfaces: Record<string, number[]> },
): object {
  const { storage, interfaces } = found;
  return {
    ...(wanted.storage !== undefined && { storage }),
    ...(wanted.interfaces !== undefined && { interfaces }),
    ...(wanted.verbose && wanted.storage !== undefined && { verbose_storage: { [machineId]: storage } }),
    ...(wanted.verbose && wanted.interfaces !== undefined && { verbose_interfaces: { [machineId]: interfaces } }),
  };
}

/** `machines/?op=allocate`: takes the smallest machine that has everything asked for. */
export const allocate: Operation = operation({
  access: "user",
  title: "Allocates the smallest ready machine that has everything asked for.",
  parameters,
  strict: true,
  run: async (call, wanted) => {
    const caller = callerOf(call);
    const now = call.clock.now();
    const { id, labels } = await inMaasWords(
      call.db.transaction().execute(async (tx) => {
        const { condition, storage, interfaces } = await selectionOf(tx, wanted);
        const chosen = await chooseMachine(tx, { caller, condition, storage });
        if (chosen === null) throw noneAvailable(wanted);
        const matched = (await interfacesFor(tx, [chosen.id], interfaces)).get(chosen.id) ?? {};
        const bridges = bridgesOf(wanted) ?? null;
        const { comment, agent_name } = wanted;
        if (!wanted.dry_run)
          await takeMachine(tx, chosen.id, { caller, ownerId: caller.id, now, comment, agent_name, bridges });
        return { id: chosen.id, labels: byType(wanted, chosen.id, { storage: chosen.storage, interfaces: matched }) };
      }),
    );
    return machineWith(call, id, labels);
  },
});
