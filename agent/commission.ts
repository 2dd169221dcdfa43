import type { Inventory } from "@rackwright/contract";
import { configureBmc } from "./bmc.ts";
import { readInventory } from "./inventory/index.ts";
import { readNeighbours, startListening, withNeighbours } from "./inventory/lldp.ts";
import type { Reporter } from "./reporter.ts";
import { runScripts } from "./scripts/index.ts";
import type { ScriptContext, ScriptTask } from "./scripts/index.ts";
import type { World } from "./world.ts";

/**
 * Finds out what the machine is made of, makes Rackwright's own account on its BMC so that the region can power it from
 * now on, and runs the commissioning scripts. What switches announce arrives meanwhile, and is added at the end.
 */
export async function commission(
  world: World,
  reporter: Reporter,
  context: ScriptContext,
  task: Extract<ScriptTask, { kind: "commission" }>,
  newPassword: string,
): Promise<void> {
  await startListening(world);
  const takeInventory = (): Promise<Inventory> =>
    reporter.step("inventory", "Taking inventory", async () => {
      const found = await readInventory(world);
      reporter.send({ kind: "inventory", inventory: found });
      return found;
    });
  let inventory = await takeInventory();
  if (task.configure_bmc) {
    await reporter.step("bmc", "Setting up the BMC account", async () => {
      const result = await configureBmc(world, newPassword);
      if (result.bmc) reporter.send({ kind: "bmc", bmc: result.bmc });
      else reporter.send({ kind: "log", lines: [`No BMC account was made: ${result.why}.`] });
    });
  }
  await runScripts(context, task, async () => void (inventory = await takeInventory()));
  if (context.signal.aborted) return;
  const neighbours = await readNeighbours(world);
  if (neighbours.size > 0) reporter.send({ kind: "inventory", inventory: withNeighbours(inventory, neighbours) });
}
