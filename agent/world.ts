import { spawn } from "node:child_process";
import { readdir, readFile, readlink, stat, statfs, writeFile } from "node:fs/promises";

export interface RunResult {
  readonly status: number;
  readonly output: string;
  readonly error: string;
  readonly seconds: number;
  readonly timedOut: boolean;
}

export interface RunOptions {
  /** Killed after this many seconds; the result then has `timedOut`. */
  readonly timeoutSeconds: number;
  readonly input?: string;
}

/** Everything the agent needs of the machine it runs on, so that tests can give it another one. */
export interface World {
  /** Prefix of /proc, /sys and /etc: empty on a real machine. */
  readonly root: string;
  run(argv: readonly string[], options: RunOptions): Promise<RunResult>;
  read(path: string): Promise<string | null>;
  list(path: string): Promise<string[]>;
  link(path: string): Promise<string | null>;
  write(path: string, content: string, mode?: number): Promise<void>;
  /** Bytes of a file; 0 where there is none. */
  size(path: string): Promise<number>;
  /** How many files and folders the file system at this path holds. */
  countFiles(path: string): Promise<number>;
  fetch(url: string, init: RequestInit): Promise<Response>;
  sleep(milliseconds: number): Promise<void>;
  now(): Date;
}

const keptOutput = 900_000;

/** Milliseconds a program that was killed, or that ended, may leave its pipes open: a process it left holds them. */
const lingering = 2_000;

/**
 * Runs a program with a bound on its time and on what is kept of its output (the last 900,000 characters). At the end of
 * its time its whole process group is killed. Never rejects, and never waits for processes it left behind.
 */
export function runProgram(argv: readonly string[], options: RunOptions): Promise<RunResult> {
  const [program, ...rest] = argv;
  if (program === undefined) throw new Error("runProgram needs a program name");
  const started = performance.now();
  return new Promise((resolve) => {
    const environment = { ...process.env, LC_ALL: "C.UTF-8" };
    const child = spawn(program, rest, { stdio: ["pipe", "pipe", "pipe"], env: environment, detached: true });
    const kept = { output: "", error: "", timedOut: false };
    const timers = new Set<NodeJS.Timeout>();
    const later = (milliseconds: number, work: () => void): void => void timers.add(setTimeout(work, milliseconds));
    const collect =
      (key: "output" | "error") =>
      (chunk: string): void => {
        kept[key] = (kept[key] + chunk).slice(-keptOutput);
      };
    child.stdout.setEncoding("utf8").on("data", collect("output"));
    child.stderr.setEncoding("utf8").on("data", collect("error"));
    child.stdin.on("error", () => undefined);
    child.stdin.end(options.input ?? "");
    const settle = (status: number, message = ""): void => {
      for (const timer of timers) clearTimeout(timer);
      for (const stream of [child.stdout, child.stderr]) stream.destroy();
      resolve({
        status,
        output: kept.output,
        error: kept.error + message,
        seconds: (performance.now() - started) / 1000,
        timedOut: kept.timedOut,
      });
    };
    later(options.timeoutSeconds * 1000, () => {
      kept.timedOut = true;
      killGroup(child.pid);
      // A process may hang in the kernel, where no signal reaches it.
      later(lingering, () => settle(137));
    });
    child.on("error", (error) => settle(127, error.message));
    child.on("exit", (code) => later(lingering, () => settle(code ?? 137)));
    child.on("close", (code) => settle(code ?? 137));
  });
}

function killGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
  } catch {
    // The group is gone.
  }
}

/** The machine as it is. */
export function realWorld(): World {
  const quietly = <T>(work: Promise<T>, otherwise: T): Promise<T> => work.catch(() => otherwise);
  return {
    root: "",
    run: runProgram,
    read: (path) => quietly<string | null>(readFile(path, "utf8"), null),
    list: async (path) => (await quietly(readdir(path), [])).sort(),
    link: (path) => quietly<string | null>(readlink(path), null),
    write: (path, content, mode) => writeFile(path, content, { mode: mode ?? 0o644 }),
    size: async (path) => (await quietly<{ size: number } | null>(stat(path), null))?.size ?? 0,
    countFiles: async (path) => {
      const { files, ffree } = await statfs(path);
      return files - ffree;
    },
    fetch: (url, init) => fetch(url, init),
    sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
    now: () => new Date(),
  };
}

/** The trimmed text of a small file such as those of sysfs; null when absent or empty. */
export async function readText(world: World, path: string): Promise<string | null> {
  const text = (await world.read(world.root + path))?.replaceAll("\0", " ").trim();
  return text === undefined || text === "" ? null : text;
}

/** The whole number in a small file; null when absent or not a number. */
export async function readNumber(world: World, path: string): Promise<number | null> {
  const text = await readText(world, path);
  return text !== null && /^-?\d+$/.test(text) ? Number(text) : null;
}
