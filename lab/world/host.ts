import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { access, constants, open } from "node:fs/promises";
import { join } from "node:path";
import type { DetachedProgram, DetachOptions, Outcome, RunOptions, World } from "./world.ts";

const administratorFolders = ["/usr/local/sbin", "/usr/sbin", "/sbin"];
const outputLimit = 16 * 1024 * 1024;

/** The world as it is on this Linux host. `environment` is what programs inherit. */
export function createHostWorld(environment: Readonly<Record<string, string | undefined>>): World {
  const folders = [...(environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin").split(":"), ...administratorFolders];
  const path = [...new Set(folders)].join(":");
  return {
    run: (argv, options = {}) => run(argv, { ...environment, ...options.environment, PATH: path }, options),
    detach: (argv, options) => detach(argv, path, options),
    find: (program) => find(program, path.split(":")),
    random: (bytes) => randomBytes(bytes),
    now: () => new Date(),
  };
}

async function find(program: string, folders: readonly string[]): Promise<string | undefined> {
  for (const folder of folders) {
    const file = join(folder, program);
    try {
      await access(file, constants.X_OK);
      return file;
    } catch {
      continue;
    }
  }
  return undefined;
}

function run(
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
  options: RunOptions,
): Promise<Outcome> {
  const [program = "", ...rest] = argv;
  return new Promise((resolve, reject) => {
    const child = spawn(program, rest, {
      env: environment,
      stdio: ["pipe", "pipe", "pipe"],
      timeout: options.timeoutMilliseconds ?? 30_000,
      killSignal: "SIGKILL",
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    const stdout = collect(child.stdout);
    const stderr = collect(child.stderr);
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal, stdout: stdout(), stderr: stderr() }));
    // A program may end without reading its input.
    child.stdin.on("error", () => undefined);
    child.stdin.end(options.input ?? "");
  });
}

/** Gathers a stream up to the limit and lets the rest flow by. */
function collect(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = [];
  let size = 0;
  stream.on("data", (chunk: Buffer) => {
    if (size < outputLimit) chunks.push(chunk);
    size += chunk.length;
  });
  return () => Buffer.concat(chunks).toString("utf8");
}

async function detach(argv: readonly string[], path: string, options: DetachOptions): Promise<DetachedProgram> {
  const [program = "", ...rest] = argv;
  const log = await open(options.log, "a", 0o600);
  try {
    const child = spawn(program, rest, {
      cwd: options.cwd,
      env: { ...options.environment, PATH: path },
      detached: true,
      stdio: ["ignore", log.fd, log.fd],
    });
    const ended = new Promise<[number | null, string | null]>((resolve) => {
      child.on("exit", (code, signal) => resolve([code, signal]));
    });
    await new Promise<void>((resolve, reject) => {
      child.once("spawn", resolve);
      child.once("error", reject);
    });
    child.unref();
    return {
      pid: child.pid ?? 0,
      onExit: (listener) => void ended.then(([code, signal]) => listener(code, signal)),
    };
  } finally {
    await log.close();
  }
}
