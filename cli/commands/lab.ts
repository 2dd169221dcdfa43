import { join } from "node:path";
import { Option } from "commander";
import type { Command } from "commander";
import type { Lab } from "@rackwright/lab";
import type { CommonOptions, Context } from "../context.ts";
import { placesOf } from "../context.ts";
import { count } from "../options.ts";
import { table } from "../terminal.ts";

interface LabCommandOptions extends CommonOptions {
  readonly name: string;
}

function stateOf(context: Context, options: LabCommandOptions): string {
  return join(placesOf(context, options).state, "labs", options.name);
}

async function show(context: Context, options: LabCommandOptions, lab: Lab): Promise<void> {
  const rows = await Promise.all(
    lab.machines.map(async (machine) => ({
      ...machine.describe(),
      power: await machine.status().then(
        (status) => status.power,
        () => "unknown",
      ),
    })),
  );
  if (options.json) return context.terminal.print(JSON.stringify({ ...lab.describe(), machines: rows }));
  context.terminal.print(
    `Lab ${lab.name}: namespace ${lab.namespace}, rack address ${lab.rackAddress} on ${lab.rackInterface}, subnet ${lab.subnet}`,
  );
  const lines = table(
    ["machine", "firmware", "mac", "bmc", "user", "password", "power", "console"],
    rows.map((row) => [
      row.name,
      row.firmware,
      row.mac,
      row.bmc.address,
      row.bmc.user,
      row.bmc.password,
      row.power,
      row.consoleLog,
    ]),
  );
  for (const line of lines) context.terminal.print(line);
}

/** What makes virtual machines is large: only these commands load it. */
const virtualRack = () => import("@rackwright/lab");

/** `rackwright lab …`: a virtual rack to try things on. */
export function labCommand(program: Command, context: Context): void {
  const lab = program
    .command("lab")
    .description("a virtual rack: QEMU machines with BMCs in a network namespace of their own");
  const common = (command: Command): Command =>
    command
      .option("--name <name>", "name of the lab", "lab")
      .option("--state <dir>", "state folder (RACKWRIGHT_STATE)")
      .option("--json", "print JSON instead of text");

  common(lab.command("up").description("make the lab; its machines are off"))
    .option("--machines <count>", "how many machines", count, 1)
    .addOption(new Option("--firmware <kind>", "firmware of the machines").choices(["bios", "uefi"]).default("bios"))
    .option("--cpus <count>", "processors of each machine", count, 1)
    .option("--memory <mib>", "memory of each machine in MiB", count, 1536)
    .option("--disk <gib>", "disk of each machine in GiB", count, 8)
    .option("--subnet <network>", "network of the machines", "10.77.0.0/24")
    .option("--bmc-subnet <network>", "network of the BMCs", "10.77.1.0/24")
    .action(
      async (
        options: LabCommandOptions & {
          machines: number;
          firmware: "bios" | "uefi";
          cpus: number;
          memory: number;
          disk: number;
          subnet: string;
          bmcSubnet: string;
        },
      ) => {
        const { createLab } = await virtualRack();
        const made = await createLab({
          name: options.name,
          stateDirectory: stateOf(context, options),
          machines: options.machines,
          firmware: options.firmware,
          cpus: options.cpus,
          memoryMiB: options.memory,
          diskGiB: options.disk,
          subnet: options.subnet,
          bmcSubnet: options.bmcSubnet,
          bmcUser: "admin",
        });
        await show(context, options, made);
      },
    );

  common(lab.command("show").description("the lab's machines, addresses and console logs")).action(
    async (options: LabCommandOptions) => {
      const { loadLab } = await virtualRack();
      await show(context, options, await loadLab(stateOf(context, options)));
    },
  );

  common(lab.command("down").description("remove the lab with everything that belongs to it")).action(
    async (options: LabCommandOptions) => {
      const { downLab } = await virtualRack();
      const result = await downLab(stateOf(context, options));
      if (options.json) context.terminal.print(JSON.stringify(result));
      else context.terminal.print(`Lab ${options.name} is gone.`);
    },
  );
}
