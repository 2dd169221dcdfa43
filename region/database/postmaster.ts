import { readFile, readlink } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { join } from "node:path";

/** What a running server writes into `postmaster.pid`: process, folders, port, readiness. */
export type PostmasterFile = { pid: number; dataFolder: string; port: number; socketFolder: string; status: string };

/** Reads the lines of `postmaster.pid` (documented with pg_ctl: pid, data, start, port, sockets, address, shmem, status). */
export function parsePostmasterFile(text: string): PostmasterFile | null {
  const [pid, dataFolder, , port, socketFolder, , , status] = text.split("\n").map((line) => line.trim());
  if (!pid || !/^-?\d{1,10}$/.test(pid) || Number(pid) === 0) return null;
  return {
    pid: Math.abs(Number(pid)),
    dataFolder: dataFolder ?? "",
    port: Number(port ?? 0) || 0,
    socketFolder: socketFolder ?? "",
    status: status ?? "",
  };
}

/** Whether a process with this id exists. */
export function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/**
 * The server that runs on this data folder, if any. A process id may have been given to another program since the file
 * was written, so the process must be a `postgres` working in that folder.
 */
export async function runningPostmaster(dataFolder: string): Promise<(PostmasterFile & { program: string }) | null> {
  const text = await readFile(join(dataFolder, "postmaster.pid"), "utf8").catch(() => "");
  const file = parsePostmasterFile(text);
  if (!file || !alive(file.pid)) return null;
  const program = await readlink(`/proc/${file.pid}/exe`).catch(() => "");
  const folder = await readlink(`/proc/${file.pid}/cwd`).catch(() => "");
  // A replaced program reads "/path/postgres (deleted)".
  const isPostgres = /\/(postgres|postmaster)( \(deleted\))?$/.test(program);
  return isPostgres && folder === dataFolder ? { ...file, program } : null;
}

/** Ends a server: SIGINT (fast shutdown), after `patience` milliseconds SIGQUIT, at last SIGKILL. */
export async function stopPostmaster(pid: number, patience = 30_000): Promise<void> {
  for (const [signal, wait] of [
    ["SIGINT", patience],
    ["SIGQUIT", 5000],
    ["SIGKILL", 5000],
  ] as const) {
    try {
      process.kill(pid, signal);
    } catch {
      return;
    }
    for (let waited = 0; waited < wait; waited += 20) {
      if (!alive(pid)) return;
      await sleep(20);
    }
  }
}
