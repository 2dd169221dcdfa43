import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { join } from "node:path";
import { fleetAnswer, type FleetOrder } from "./messages.ts";
import type { FleetSettings } from "./plan.ts";

/** The fleet's program, running in a namespace of its own. */
export interface RunningFleet extends AsyncDisposable {
  /** Presses the power button of a machine. */
  press(number: number, wish: "on" | "off"): void;
  /** Numbers of the machines that have power now. Rejects when the program has ended. */
  powered(): Promise<number[]>;
  pid(): number | undefined;
}

/**
 * Starts the fleet's program in a namespace and waits until all machines are there.
 * @param onDefect told of errors that no fault of a machine explains
 * @throws when the program ends before that
 */
export async function startFleet(
  namespace: string,
  settings: FleetSettings,
  onDefect: (number: number, error: string) => void,
): Promise<RunningFleet> {
  const program = [process.execPath, "--disable-warning=ExperimentalWarning", join(import.meta.dirname, "main.ts")];
  const argv = ["netns", "exec", namespace, "setpriv", "--pdeathsig", "SIGKILL", "--", ...program];
  const child = spawn("ip", argv, { stdio: ["pipe", "pipe", "inherit"] });
  const ready = Promise.withResolvers<void>();
  const ended = once(child, "exit");
  const asked: PromiseWithResolvers<number[]>[] = [];
  child.once("exit", (code) => {
    const error = new Error(`the fleet's program ended with ${code}`);
    for (const one of [ready, ...asked.splice(0)]) one.reject(error);
  });
  child.once("error", (error) => ready.reject(error));
  child.stdin.on("error", () => undefined);
  createInterface({ input: child.stdout }).on("line", (line) => {
    const answer = fleetAnswer.parse(JSON.parse(line));
    if (answer.kind === "ready") ready.resolve();
    else if (answer.kind === "powered") asked.shift()?.resolve(answer.numbers);
    else onDefect(answer.number, answer.error);
  });
  const tell = (line: FleetSettings | FleetOrder): void => void child.stdin.write(`${JSON.stringify(line)}\n`);
  tell(settings);
  await ready.promise;
  return {
    press: (press, wish) => tell({ press, wish }),
    powered: () => {
      const answer = Promise.withResolvers<number[]>();
      asked.push(answer);
      if (child.exitCode !== null) answer.reject(new Error("the fleet's program has ended"));
      tell({ ask: "powered" });
      return answer.promise;
    },
    pid: () => child.pid,
    [Symbol.asyncDispose]: async () => {
      child.stdin.end();
      await ended;
    },
  };
}
