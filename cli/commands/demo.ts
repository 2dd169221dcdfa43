import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InvalidArgumentError, Option } from "commander";
import type { Command } from "commander";
import type { Context } from "../context.ts";
import { placesFrom } from "../places.ts";
import { portFrom } from "./up.ts";

function count(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 50)
    throw new InvalidArgumentError("Give a number from 1 to 50.");
  return value;
}

/** `rackwright demo`: virtual machines from power-off to an ssh login, every step shown. */
export function demoCommand(program: Command, context: Context): void {
  program
    .command("demo")
    .description("take virtual machines from power-off to an ssh login, showing each step")
    .option("--once", "end after the login and take everything down")
    .option("--machines <count>", "how many virtual machines", count, 1)
    .addOption(new Option("--firmware <kind>", "firmware of the machines").choices(["bios", "uefi"]).default("bios"))
    .option("--state <dir>", "keep the demo's state here instead of a temporary folder")
    .option("--port <port>", "port of the page", "5240")
    .option("--json", "the last line of standard output is one JSON object")
    .action(
      async (options: {
        once?: boolean;
        machines: number;
        firmware: "bios" | "uefi";
        state?: string;
        port: string;
        json?: boolean;
      }) => {
        // What makes virtual machines is large, and no other command needs it.
        const { runDemo } = await import("../demo/run.ts");
        const temporary = options.state === undefined ? await mkdtemp(join(tmpdir(), "rackwright-demo-")) : null;
        try {
          const ok = await runDemo(context, {
            places: placesFrom(options.state ?? temporary ?? undefined, context.environment),
            machines: options.machines,
            firmware: options.firmware,
            port: portFrom(options.port, "--port"),
            once: options.once ?? false,
            json: options.json ?? false,
          });
          process.exitCode = ok ? 0 : 1;
        } finally {
          if (temporary !== null) await rm(temporary, { recursive: true, force: true });
        }
      },
    );
}
