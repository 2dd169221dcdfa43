/** How a program ended. `code` is null when a signal ended it or it could not be waited for in time. */
export interface Outcome {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** Text for standard input; without it standard input is empty. */
  readonly input?: string;
  /** Added to the environment. */
  readonly environment?: Readonly<Record<string, string>>;
  /** After so many milliseconds the program is killed. Default 30 000. */
  readonly timeoutMilliseconds?: number;
  readonly cwd?: string;
}

export interface DetachOptions {
  /** The whole environment of the program, apart from PATH. */
  readonly environment: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** File that collects standard output and error. */
  readonly log: string;
}

/** A program that runs on without us. */
export interface DetachedProgram {
  readonly pid: number;
  /** Called once when the program ends, as long as this process lives. */
  onExit(listener: (code: number | null, signal: string | null) => void): void;
}

/** Everything the lab needs from outside, as one argument. */
export interface World {
  /** Runs a program to its end. Rejects only when it cannot be started. */
  run(argv: readonly string[], options?: RunOptions): Promise<Outcome>;
  /** Starts a program in a session of its own, so that it outlives this process. */
  detach(argv: readonly string[], options: DetachOptions): Promise<DetachedProgram>;
  /** The absolute path of a program, or undefined when it is not installed. */
  find(program: string): Promise<string | undefined>;
  random(bytes: number): Uint8Array;
  now(): Date;
}
