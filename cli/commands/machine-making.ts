import { architecture, machineCreate, machineDetail } from "@rackwright/contract";
import type { Command } from "commander";
import { clientOf, withTarget } from "../context.ts";
import type { CommonOptions, Context } from "../context.ts";
import { CliError, inOptions } from "../errors.ts";
import { findMachine } from "../find.ts";
import { assignment, oneOf } from "../options.ts";
import { showMachines } from "./machines.ts";

type Options = CommonOptions & {
  hostname?: string;
  powerDriver?: string;
  power?: Record<string, string>;
  zone?: string;
  pool?: string;
};

const drivers = machineCreate.shape.power_driver.unwrap().options;

function withFields(command: Command): Command {
  return withTarget(command)
    .option("--hostname <name>", "its name")
    .option("--power-driver <driver>", `how its power is switched: ${drivers.join(" or ")}`, oneOf(drivers))
    .option(
      "--power <name=value>",
      "of its BMC: power_address, power_user, power_pass …; may be repeated, all replace the former ones",
      assignment,
    )
    .option("--zone <name>", "zone it is in")
    .option("--pool <name>", "resource pool it is in");
}

const fieldsOf = ({ hostname, powerDriver, power, zone, pool }: Options): Record<string, unknown> => ({
  ...(hostname !== undefined && { hostname }),
  ...(powerDriver !== undefined && { power_driver: powerDriver }),
  ...(power !== undefined && { power_parameters: power }),
  ...(zone !== undefined && { zone }),
  ...(pool !== undefined && { pool }),
});

/** `rackwright machines create` and `update`: what an operator tells of a machine. */
export function machineMakingCommands(machines: Command, context: Context): void {
  withFields(machines.command("create").description("make a machine known before it ever booted"))
    .requiredOption("--mac <address...>", "its network cards, the one it boots from first")
    .option(
      "--arch <architecture>",
      `its architecture: ${architecture.options.join(", ")}`,
      oneOf(architecture.options),
    )
    .action(async (options: Options & { mac: string[]; arch?: string }) => {
      const fields = fieldsOf(options);
      const body = { macs: options.mac, ...fields, ...(options.arch !== undefined && { architecture: options.arch }) };
      const client = clientOf(context, options);
      const made = await client.send("POST", "/api/v1/machines", body, machineDetail).catch((error: unknown) => {
        throw inOptions(error, { macs: "--mac", architecture: "--arch", power_driver: "--power-driver" });
      });
      showMachines(context, options.json, [made]);
    });

  withFields(
    machines.command("update <machine>").description("change a machine's name, power parameters or place"),
  ).action(async (name: string, options: Options) => {
    const body = fieldsOf(options);
    if (Object.keys(body).length === 0)
      throw new CliError(
        "Nothing is given to change.",
        "Give --hostname, --power-driver, --power, --zone or --pool.",
        2,
      );
    const client = clientOf(context, options);
    const { id } = await findMachine(client, name);
    showMachines(context, options.json, [await client.send("PATCH", `/api/v1/machines/${id}`, body, machineDetail)]);
  });
}
