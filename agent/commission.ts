import { configureBmc } from "./bmc.ts";
import { readInventory } from "./inventory/index.ts";
import type { Reporter } from "./reporter.ts";
import type { World } from "./world.ts";

/** Raw facts kept beside the inventory, each the output of one program. */
const rawFacts = [
  { name: "lshw", argv: ["lshw", "-xml", "-quiet"], timeoutSeconds: 300 },
  { name: "dmidecode", argv: ["dmidecode"], timeoutSeconds: 60 },
  { name: "lsblk", argv: ["lsblk", "--json", "--bytes", "--output-all"], timeoutSeconds: 60 },
] as const;

/**
 * Finds out what the machine is made of, and makes Rackwright's own account on its BMC so that the region can power it
 * from now on.
 */
export async function commission(
  world: World,
  reporter: Reporter,
  options: { configureBmc: boolean; newPassword: string },
): Promise<void> {
  await reporter.step("inventory", "Taking inventory", async () => {
    reporter.send({ kind: "inventory", inventory: await readInventory(world) });
  });
  if (options.configureBmc) {
    await reporter.step("bmc", "Setting up the BMC account", async () => {
      const result = await configureBmc(world, options.newPassword);
      if (result.bmc) reporter.send({ kind: "bmc", bmc: result.bmc });
      else reporter.send({ kind: "log", lines: [`No BMC account was made: ${result.why}.`] });
    });
  }
  await reporter.step("raw-facts", "Keeping raw facts", async (progress) => {
    for (const [index, fact] of rawFacts.entries()) {
      const result = await world.run(fact.argv, { timeoutSeconds: fact.timeoutSeconds });
      reporter.send({
        kind: "result",
        name: fact.name,
        exit_status: result.status,
        runtime: result.seconds,
        output: result.output,
        error: result.error,
      });
      progress((100 * (index + 1)) / rawFacts.length, fact.name);
    }
  });
}
