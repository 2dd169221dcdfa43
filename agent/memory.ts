import { type Failure, makeFailure, outOfMemory } from "@rackwright/contract";
import { lastLines } from "./failure.ts";
import type { World } from "./world.ts";

/** What Linux logs when it kills a program for want of memory (mm/oom_kill.c). */
const killed = /out of memory|oom-kill:|oom_reaper/i;
/** How a failure of ours says that a program was killed: a shell's status of signal 9. */
const byKill = /\bstatus 137\b/;

/**
 * The failure as it is told: where a program was killed and the kernel's log says that it was for want of memory, that
 * is the cause, and the program only its victim.
 */
export async function blameMemory(world: World, failure: Failure): Promise<Failure> {
  if (!byKill.test(failure.message)) return failure;
  const log = await world.run(["dmesg"], { timeoutSeconds: 10 });
  const lines = lastLines(log.output, 2000)
    .filter((line) => killed.test(line))
    .slice(-6);
  return lines.length === 0
    ? failure
    : makeFailure(outOfMemory, `The machine ran out of memory. ${failure.message}`, [...lines, ...failure.evidence]);
}
