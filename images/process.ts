import { spawn } from "node:child_process";

/** How to run one program. */
export interface ProcessOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Text for standard input; none when absent. */
  readonly input?: string;
  /** Keep standard input open until the process ends. It closes by itself when this process dies. */
  readonly holdInput?: boolean;
  /** Called with each complete line of output and error output. */
  onLine?(line: string): void;
  /** Kills the process (SIGKILL) when it fires; the result then has status null. */
  readonly signal?: AbortSignal;
}

/** How a program ended. `lines` are the last lines it printed, output and error output mixed, at most 400. */
export interface ProcessResult {
  readonly status: number | null;
  readonly lines: readonly string[];
}

/** Runs programs of the host; given to whatever needs one. A program that is not there has status 127. */
export interface ProcessRunner {
  run(command: string, args: readonly string[], options?: ProcessOptions): Promise<ProcessResult>;
}

const kept = 400;

/** Split a stream of chunks into lines; carriage returns end a line too, so that progress meters are seen. */
export function lineSplitter(take: (line: string) => void): { push(chunk: string): void; end(): void } {
  let rest = "";
  return {
    push(chunk) {
      const parts = (rest + chunk).split(/\r\n|\r|\n/);
      rest = parts.pop() ?? "";
      for (const part of parts) if (part !== "") take(part);
      if (rest.length > 65_536) rest = rest.slice(-65_536);
    },
    end() {
      if (rest !== "") take(rest);
      rest = "";
    },
  };
}

/** The real host. Children get the given environment on top of `base`. */
export function hostRunner(base: Readonly<Record<string, string | undefined>>): ProcessRunner {
  return {
    run: (command, args, options = {}) =>
      new Promise((resolve) => {
        const lines: string[] = [];
        const take = (line: string): void => {
          lines.push(line);
          if (lines.length > kept) lines.shift();
          options.onLine?.(line);
        };
        const child = spawn(command, args, {
          env: { ...base, ...options.env },
          stdio: ["pipe", "pipe", "pipe"],
          ...(options.signal === undefined ? {} : { signal: options.signal, killSignal: "SIGKILL" as const }),
        });
        const splitters = [child.stdout, child.stderr].map((stream) => {
          const splitter = lineSplitter(take);
          stream.setEncoding("utf8").on("data", (chunk: string) => splitter.push(chunk));
          return splitter;
        });
        let missing = false;
        child.on("error", (error: NodeJS.ErrnoException) => {
          missing = error.code === "ENOENT";
          if (missing) resolve({ status: 127, lines: [`${command}: not found`] });
        });
        child.stdin.on("error", () => {});
        if (options.input !== undefined) child.stdin.write(options.input);
        if (options.holdInput !== true) child.stdin.end();
        child.on("close", (status) => {
          for (const splitter of splitters) splitter.end();
          if (!missing) resolve({ status, lines });
        });
      }),
  };
}
