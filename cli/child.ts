import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";

export interface ChildOptions {
  readonly name: string;
  readonly argv: readonly string[];
  /** Network namespace the program runs in; the host's own when absent. */
  readonly namespace?: string;
  readonly logFile: string;
  /** Variables of its environment beside ours. What is secret goes here: arguments are for everybody to read. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Told when the program ended unasked and is started again. */
  readonly onRestart: (why: string) => void;
}

export interface Child {
  readonly name: string;
  pid(): number | undefined;
  /** Whether the last thing it did was to end because it cannot run as it was set up. */
  misconfigured(): boolean;
  /** Starts it again after `stop`; does nothing while it runs or is about to. */
  start(): void;
  stop(): Promise<void>;
}

const stopSeconds = 15;
/** EX_CONFIG of sysexits(3): the program cannot run as it was set up. */
const misconfigured = 78;

/** The argument vector that runs a program in a namespace, and ends it when we die however we die. */
export function supervisedArgv(argv: readonly string[], namespace: string | undefined): string[] {
  const tied = ["setpriv", "--pdeathsig", "SIGTERM", "--", ...argv];
  return namespace === undefined ? tied : ["ip", "netns", "exec", namespace, ...tied];
}

/**
 * Keeps a program running: started again with growing pauses (0.2 s to 10 s) whenever it ends, its output appended to a
 * log file. A program that lived for a minute counts as healthy again.
 */
export function keepRunning(options: ChildOptions): Child {
  const state: {
    process: ChildProcess | undefined;
    stopping: boolean;
    pause: number;
    timer: NodeJS.Timeout | undefined;
    misconfigured: boolean;
    starts: number;
  } = {
    process: undefined,
    stopping: false,
    pause: 200,
    timer: undefined,
    misconfigured: false,
    starts: 0,
  };
  mkdirSync(dirname(options.logFile), { recursive: true });

  const start = (): void => {
    const log = openSync(options.logFile, "a", 0o600);
    const [program = "", ...rest] = supervisedArgv(options.argv, options.namespace);
    const started = Date.now();
    state.starts++;
    const child = spawn(program, rest, {
      stdio: ["ignore", log, log],
      // A group of its own: a terminal's ^C reaches us, and we end the child when it is its turn.
      detached: true,
      env: { ...process.env, ...options.environment },
    });
    closeSync(log);
    state.process = child;
    child.on("error", () => undefined);
    child.on("close", (code, signal) => {
      state.process = undefined;
      if (state.stopping) return;
      state.misconfigured = code === misconfigured;
      if (Date.now() - started > 60_000) state.pause = 200;
      // At its first start whoever waits for it tells why.
      const known = state.misconfigured && state.starts === 1;
      if (!known)
        options.onRestart(
          `${options.name} ended (${signal ?? `status ${code}`}), starting it again; its log: ${options.logFile}`,
        );
      state.timer = setTimeout(start, state.pause);
      state.pause = Math.min(10_000, state.pause * 2);
    });
  };
  start();

  return {
    name: options.name,
    pid: () => state.process?.pid,
    misconfigured: () => state.misconfigured,
    start: () => {
      if (!state.stopping) return;
      state.stopping = false;
      start();
    },
    stop: async () => {
      state.stopping = true;
      clearTimeout(state.timer);
      const process = state.process;
      if (!process) return;
      await new Promise<void>((resolve) => {
        const hard = setTimeout(() => process.kill("SIGKILL"), stopSeconds * 1000);
        process.once("close", () => {
          clearTimeout(hard);
          resolve();
        });
        process.kill("SIGTERM");
      });
    },
  };
}
