import { spawn } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import type { Readable } from "node:stream";

export interface ProcessOptions {
  readonly environment: Readonly<Record<string, string>>;
  readonly folder: string;
  /** Ended after this many seconds; 0: without limit. */
  readonly timeoutSeconds: number;
  /** Seconds between asking the processes to end and killing them. */
  readonly graceSeconds: number;
  /** A variable of the environment that no other program has: finds processes that left the group. */
  readonly mark: string;
  readonly signal: AbortSignal;
  output(stream: "out" | "err", chunk: Buffer): void;
}

export interface ProcessEnd {
  /** Exit status; 124 after the time-out, 128 + number after a signal, 126 or 127 when it could not be started. */
  readonly status: number;
  readonly ended: "itself" | "time-out" | "aborted" | "not started";
  readonly seconds: number;
  /** Why it could not be started, or what is left of it. */
  readonly problem: string | null;
}

const signalNumbers: Readonly<Record<string, number>> = { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGSEGV: 11, SIGTERM: 15 };
/** Milliseconds for pipes that a background process still holds, and for a killed process that hangs in the kernel. */
const lingering = 2_000;

/**
 * Runs a script in a process group of its own, its output given away as it comes. At the end of its time the whole group
 * is asked to end, then killed, together with processes that made a group of their own. Never rejects.
 */
export function startProcess(argv: readonly string[], options: ProcessOptions): Promise<ProcessEnd> {
  const [program = "", ...rest] = argv;
  const started = performance.now();
  const seconds = (): number => (performance.now() - started) / 1000;
  return new Promise((resolve) => {
    const child = spawn(program, rest, {
      cwd: options.folder,
      env: { ...options.environment },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    let why: "time-out" | "aborted" | null = null;
    const timers = new Set<NodeJS.Timeout>();
    const later = (milliseconds: number, work: () => void): void => void timers.add(setTimeout(work, milliseconds));
    const settle = (end: Omit<ProcessEnd, "seconds">): void => {
      for (const timer of timers) clearTimeout(timer);
      options.signal.removeEventListener("abort", abort);
      for (const stream of [child.stdout, child.stderr]) stream.destroy();
      resolve({ ...end, seconds: seconds() });
    };
    const kill = async (): Promise<void> => {
      signalGroup(child.pid, "SIGKILL");
      await killMarked(options.mark);
    };
    const end = (reason: "time-out" | "aborted"): void => {
      if (why !== null) return;
      why = reason;
      signalGroup(child.pid, "SIGTERM");
      later(options.graceSeconds * 1000, () => {
        void kill();
        const problem = "a process of it hangs in the kernel and could not be killed";
        later(lingering * 5, () => settle({ status: 124, ended: reason, problem }));
      });
    };
    const abort = (): void => end("aborted");

    child.on("error", (error: NodeJS.ErrnoException) => {
      if (child.pid === undefined)
        settle({ status: error.code === "ENOENT" ? 127 : 126, ended: "not started", problem: error.message });
    });
    forward(child.stdout, (chunk) => options.output("out", chunk));
    forward(child.stderr, (chunk) => options.output("err", chunk));
    child.on("exit", (code, signal) => {
      const own = code ?? 128 + (signalNumbers[signal ?? ""] ?? 0);
      const finish = (): void => settle({ status: why === null ? own : 124, ended: why ?? "itself", problem: null });
      // A process left behind on purpose keeps the pipes open: the script has ended all the same.
      const closed = new Promise<void>((done) => {
        child.once("close", () => done());
        later(lingering, done);
      });
      void (why === null ? closed : kill().then(() => closed)).then(finish);
    });
    if (options.timeoutSeconds > 0) limit(options.timeoutSeconds * 1000, later, () => end("time-out"));
    options.signal.addEventListener("abort", abort, { once: true });
    if (options.signal.aborted) abort();
  });
}

/** A timer for times beyond the 24 days that one timer can hold. */
function limit(milliseconds: number, later: (milliseconds: number, work: () => void) => void, work: () => void): void {
  const longest = 2_000_000_000;
  if (milliseconds <= longest) later(milliseconds, work);
  else later(longest, () => limit(milliseconds - longest, later, work));
}

function forward(stream: Readable, take: (chunk: Buffer) => void): void {
  stream.on("data", take).on("error", () => undefined);
}

function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal);
  } catch {
    // The group is gone.
  }
}

/** Kills every process whose environment holds this mark. */
async function killMarked(mark: string): Promise<void> {
  for (const pid of await readdir("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    const environment = await readFile(`/proc/${pid}/environ`, "latin1").catch(() => "");
    if (!environment.split("\0").includes(mark)) continue;
    try {
      process.kill(Number(pid), "SIGKILL");
    } catch {
      // It ended by itself.
    }
  }
}
