import { readdir, readFile, readlink } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { codeOf } from "../errors.ts";

/**
 * A process, for certain: a pid alone is reused. `startTime` is field 22 of /proc/PID/stat (clock ticks since the
 * boot, proc(5)), `bootId` says which boot.
 */
export const processIdentity = z.object({
  pid: z.int().positive(),
  startTime: z.string().regex(/^\d+$/),
  bootId: z.string(),
});
export type ProcessIdentity = z.infer<typeof processIdentity>;

/** The environment variable that every process of a lab, and whatever it starts, carries; its value is the lab's id. */
export const labVariable = "RACKWRIGHT_LAB";

/** The identity of a running process, or undefined when there is none (a zombie has ended). */
export async function identify(pid: number): Promise<ProcessIdentity | undefined> {
  const status = await readStatus(pid);
  if (status === undefined || status.state === "Z" || status.state === "X") return undefined;
  return { pid, startTime: status.startTime, bootId: await readBootId() };
}

/** Whether exactly this process still runs. */
export async function isRunning(identity: ProcessIdentity): Promise<boolean> {
  const found = await identify(identity.pid);
  return found !== undefined && found.startTime === identity.startTime && found.bootId === identity.bootId;
}

/**
 * Ends a process: SIGTERM, and SIGKILL when it still runs after the grace. Answers false when it was not running
 * and true when it has ended; throws when even SIGKILL did not end it within ten seconds.
 */
export async function endProcess(identity: ProcessIdentity, graceMilliseconds: number): Promise<boolean> {
  if (!(await isRunning(identity))) return false;
  if (graceMilliseconds > 0) {
    send(identity.pid, "SIGTERM");
    if (await waitForEnd(identity, graceMilliseconds)) return true;
  }
  if (await isRunning(identity)) send(identity.pid, "SIGKILL");
  if (await waitForEnd(identity, 10_000)) return true;
  throw new Error(`process ${identity.pid} does not end, not even by SIGKILL`);
}

/** Waits until a process has ended; false when the time is up. */
export async function waitForEnd(identity: ProcessIdentity, milliseconds: number): Promise<boolean> {
  for (let waited = 0; waited <= milliseconds; waited += 20) {
    if (!(await isRunning(identity))) return true;
    await sleep(20);
  }
  return false;
}

/** All processes that carry the mark of a lab, except this one and those that started it. */
export async function findMarked(labId: string): Promise<ProcessIdentity[]> {
  const spared = await lineage();
  const found: ProcessIdentity[] = [];
  for (const pid of await allPids()) {
    if (spared.has(pid)) continue;
    const identity = await identify(pid);
    if (identity === undefined) continue;
    const environment = await readFile(`/proc/${pid}/environ`, "latin1").catch(() => "");
    if (environment.split("\0").includes(`${labVariable}=${labId}`)) found.push(identity);
  }
  return found;
}

/** Pids of the processes in a network namespace, given the inode that /run/netns/NAME shows. */
export async function findInNamespace(inode: number): Promise<number[]> {
  const found: number[] = [];
  for (const pid of await allPids()) {
    const link = await readlink(`/proc/${pid}/ns/net`).catch(() => "");
    if (link === `net:[${inode}]`) found.push(pid);
  }
  return found;
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (codeOf(error) !== "ESRCH") throw error;
  }
}

async function allPids(): Promise<number[]> {
  const entries = await readdir("/proc");
  return entries.filter((entry) => /^\d+$/.test(entry)).map(Number);
}

async function lineage(): Promise<Set<number>> {
  const pids = new Set<number>();
  let pid = process.pid;
  while (pid > 0 && !pids.has(pid)) {
    pids.add(pid);
    pid = (await readStatus(pid))?.parent ?? 0;
  }
  return pids;
}

async function readStatus(pid: number): Promise<{ state: string; parent: number; startTime: string } | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, "latin1").catch(() => undefined);
  // The second field is the program's name in parentheses and may hold spaces and parentheses itself.
  const fields = text?.slice(text.lastIndexOf(")") + 2).split(" ");
  const [state, parent] = fields ?? [];
  const startTime = fields?.[19];
  if (state === undefined || parent === undefined || startTime === undefined) return undefined;
  return { state, parent: Number(parent), startTime };
}

async function readBootId(): Promise<string> {
  return (await readFile("/proc/sys/kernel/random/boot_id", "latin1")).trim();
}
