import { spawn } from "node:child_process";
import type { Command } from "commander";
import type { Context } from "../context.ts";
import { placesFrom } from "../places.ts";

/** Runs another program of this repository in the foreground and passes its exit status on. */
export function foreground(home: string, argv: readonly string[], interrupted: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", ...argv], {
      cwd: home,
      stdio: "inherit",
    });
    interrupted.addEventListener("abort", () => child.kill("SIGTERM"));
    child.on("error", reject);
    child.on("close", (code, signal) => resolve(code ?? (signal === "SIGTERM" ? 143 : 1)));
  });
}

/** `rackwright test`, `bench`, `region` and `rack`: roles and tools that are programs of their own. */
export function programCommands(program: Command, context: Context): void {
  const { home } = placesFrom(undefined, context.environment);
  const pass = (name: string, description: string, file: string): void => {
    program
      .command(`${name} [arguments...]`)
      .description(description)
      .allowUnknownOption()
      .helpOption(false)
      .passThroughOptions()
      .action(async (argv: string[]) => {
        process.exitCode = await foreground(home, [file, ...argv], context.interrupted);
      });
  };
  pass("test", "run the tests (all of them, or those of the named groups)", "test/main.ts");
  pass("bench", "run a benchmark beside its peers and print ratios", "bench/main.ts");
  pass("region", "run the region controller alone", "region/main.ts");
  pass("rack", "run a rack controller alone", "rack/main.ts");
}
