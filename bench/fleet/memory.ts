import { readFile } from "node:fs/promises";

/** Highest resident memory of a process in MiB (proc(5), VmHWM); 0 for one that does not run. */
export async function peakMebibytes(pid: number | undefined): Promise<number> {
  if (pid === undefined) return 0;
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  return Math.round(Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1024);
}
