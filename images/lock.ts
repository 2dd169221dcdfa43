import { imageLockFailed } from "@rackwright/contract";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { ImageBuildError } from "./failure.ts";
import type { ProcessRunner } from "./process.ts";

/**
 * Hold the build lock of a cache folder while `work` runs. The lock is an flock(2) held by a child that lives as long
 * as its standard input is open, so it is free again the moment this process is gone, however it went.
 * `waiting` is called when another builder holds it.
 */
export async function withLock<T>(
  run: ProcessRunner,
  cache: string,
  waiting: () => void,
  work: () => Promise<T>,
): Promise<T> {
  await mkdir(cache, { recursive: true });
  const file = join(cache, "lock");
  const release = new AbortController();
  let got: () => void = () => {};
  const locked = new Promise<void>((resolve) => (got = resolve));
  const script = `flock --nonblock 9 || { echo busy; flock 9; }; echo locked; exec cat >/dev/null`;
  const holder = run.run("sh", ["-c", `{ ${script}; } 9>>"$0"`, file], {
    holdInput: true,
    signal: release.signal,
    onLine: (line) => {
      if (line === "busy") waiting();
      if (line === "locked") got();
    },
  });
  const lost = holder.then((result) => {
    throw new ImageBuildError(
      imageLockFailed,
      `The lock file ${file} could not be locked (flock ended with ${String(result.status)}).`,
      result.lines,
    );
  });
  try {
    await Promise.race([locked, lost]);
    lost.catch(() => {});
    return await work();
  } finally {
    release.abort();
    await holder;
  }
}
