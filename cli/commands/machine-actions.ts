import { Argument } from "commander";
import type { Command } from "commander";
import { withTarget, withTrial } from "../context.ts";
import type { Context } from "../context.ts";
import { collect, listed } from "../options.ts";
import { allocateCommand } from "./allocate.ts";
import { machineChangeCommands } from "./machine-change.ts";
import {
  type CommissionOptions,
  type DeployOptions,
  type ReleaseOptions,
  commissionBody,
  parameters,
  textOf,
} from "./machine-parameters.ts";
import { type Options, machineVerbs, plain } from "./machine-verbs.ts";

/** The verbs of `rackwright machines` that act on machines, one or many. */
export function machineActionCommands(machines: Command, context: Context): void {
  const { verb, action, long, perform } = machineVerbs(machines, context);

  for (const [name, description] of [
    ["commission", "take the inventory of machines, set up their BMC, run scripts and tests"],
    ["accept", "accept machines that were found: commission them"],
  ] as const)
    long(name, description)
      .option("--scripts <names>", "commissioning scripts, names or tags with commas between, or 'none'")
      .option("--tests <names>", "testing scripts to run afterwards, names or tags, or 'none'")
      .option("--parameter <value>", "script.parameter=value of a commissioning script; may be repeated", collect)
      .option("--test-parameter <value>", "script.parameter=value of a testing script; may be repeated", collect)
      .option("--keep-on", "stay on afterwards, so that somebody can log in")
      .option("--skip-bmc-config", "leave the BMC as it is: make no account there")
      .option("--skip-storage", "keep how storage is configured, instead of the default layout")
      .action((names: string[], options: Options & CommissionOptions) =>
        perform(names, options, "commission", commissionBody(options)),
      );

  long("test", "test the hardware of machines")
    .option("--tests <names>", "testing scripts, names or tags with commas between")
    .option("--parameter <value>", "script.parameter=value; may be repeated", collect)
    .option("--keep-on", "stay on afterwards, so that somebody can log in")
    .action((names: string[], options: Options & { tests?: string; parameter?: string[]; keepOn?: boolean }) =>
      perform(names, options, "test", {
        testing_scripts: options.tests === undefined ? undefined : listed(options.tests),
        parameters: parameters(options.parameter),
        keep_on: options.keepOn,
      }),
    );

  allocateCommand(machines, context);

  long("deploy", "put an operating system on machines")
    .option("--image <name>", "image to deploy", "debian-12")
    .option("--memory", "run the image from memory and leave the disks alone")
    .option("--user-data <file>", "cloud-init user data for the installed system")
    .option("--for <username>", "for this user, where an administrator asks")
    .action(async (names: string[], options: Options & DeployOptions) =>
      perform(names, options, "deploy", {
        image: options.image,
        ephemeral: options.memory,
        user_data: options.userData === undefined ? undefined : await textOf(options.userData),
        owner: options.for,
      }),
    );

  long("release", "give machines back to the pool")
    .option("--erase", "wipe all disks first")
    .option("--no-erase", "wipe nothing, whatever the settings say")
    .option("--quick-erase", "wipe only the beginning and end of each disk")
    .option("--secure-erase", "wipe by the disk's own secure erase where it has one")
    .option("--scripts <names>", "release scripts to run, names or tags with commas between")
    .option("--parameter <value>", "script.parameter=value; may be repeated", collect)
    .action((names: string[], options: Options & ReleaseOptions) =>
      perform(names, options, "release", {
        erase: options.erase,
        quick_erase: options.quickErase,
        secure_erase: options.secureErase,
        scripts: options.scripts === undefined ? undefined : listed(options.scripts),
        parameters: parameters(options.parameter),
      }),
    );

  for (const [name, description, takesTime] of plain)
    (takesTime ? long : action)(name, description).action((names: string[], options: Options) =>
      perform(names, options, name, {}),
    );

  withTarget(
    withTrial(
      machines
        .command("power")
        .description("ask the BMC of machines: on, off, cycle or query")
        .addArgument(new Argument("<action>").choices(["on", "off", "cycle", "query"]))
        .argument("[machine...]")
        .option("--filter <filter>", "all machines this filter finds, as with 'machines list --filter'"),
    ),
  ).action((wish: string, names: string[], options: Options) =>
    perform(names, options, wish === "query" ? "query_power" : `power_${wish}`, {}),
  );

  machineChangeCommands(machines, context, { verb, perform });
}
