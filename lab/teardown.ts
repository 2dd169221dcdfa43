import { readFile } from "node:fs/promises";
import { messageOf, LabHostError, LabRequestError } from "./errors.ts";
import { removeNamespace } from "./network/namespace.ts";
import { removeStranger } from "./network/stranger-dhcp.ts";
import { machineFiles, readState, removeFiles, type LabState } from "./state.ts";
import { endProcess, findMarked, isRunning, processIdentity } from "./world/process-identity.ts";
import type { World } from "./world/world.ts";

/** What taking a lab down did. */
export interface Teardown {
  /** False when there was no lab in the directory. */
  readonly found: boolean;
  /** Processes of the lab that were ended. */
  readonly ended: readonly number[];
  /** Processes of others that still live in the lab's former namespace; the lab did not start them and let them be. */
  readonly strangers: readonly number[];
}

/**
 * Takes the lab of a state directory down: processes, namespaces and files, whatever state it is in. Needs nobody
 * but the files; doing it again does nothing. A process is ended only when its pid and start time are those the lab
 * wrote down, or when its environment carries the lab's id. Every step is tried; if one failed the state stays, so
 * that it can be tried again, and a LabHostError says what is left.
 */
export async function takeDown(world: World, stateDirectory: string): Promise<Teardown> {
  const lab = await readState(stateDirectory);
  if (lab === undefined) return { found: false, ended: [], strangers: [] };
  if (lab.phase === "building" && lab.builder.pid !== process.pid && (await isRunning(lab.builder))) {
    throw new LabRequestError(
      `lab ${lab.name} is still being built by process ${lab.builder.pid}: wait for it, or end that process first`,
    );
  }
  const failures: string[] = [];
  const attempt = async <T>(what: string, work: () => Promise<T>, otherwise: T): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      failures.push(`${what}: ${messageOf(error)}`);
      return otherwise;
    }
  };
  // Supervisors first, so that none of them starts or adopts a QEMU meanwhile.
  const supervisors = await attempt("supervisors", () => endRecorded(lab, "supervisorIdentity", 2000), []);
  const machines = await attempt("machines", () => endRecorded(lab, "qemuIdentity", 0), []);
  const others = await attempt("processes", () => endMarked(lab), []);
  const strangers: number[] = [];
  const removals: [string, () => Promise<number[]>][] = [
    [lab.strangerNamespace, () => removeStranger(world, lab)],
    [lab.namespace, () => removeNamespace(world, lab, lab.namespace)],
  ];
  for (const [namespace, remove] of removals) strangers.push(...(await attempt(namespace, remove, [])));
  if (failures.length === 0) await attempt("files", () => removeFiles(lab), undefined);
  if (failures.length > 0) throw new LabHostError(`lab ${lab.name} is not wholly down: ${failures.join("; ")}`);
  return { found: true, ended: [...supervisors, ...machines, ...others], strangers };
}

async function endRecorded(
  lab: LabState,
  file: "supervisorIdentity" | "qemuIdentity",
  grace: number,
): Promise<number[]> {
  const ended = await Promise.all(
    lab.machines.map(async ({ directory }) => {
      const text = await readFile(machineFiles(directory)[file], "utf8").catch(() => "");
      const identity = processIdentity.safeParse(parse(text)).data;
      return identity !== undefined && (await endProcess(identity, grace)) ? [identity.pid] : [];
    }),
  );
  return ended.flat();
}

/** Ends whatever carries the lab's mark until nothing does: a process may start another while it is looked for. */
async function endMarked(lab: LabState): Promise<number[]> {
  const ended: number[] = [];
  for (let round = 0; round < 10; round += 1) {
    const marked = await findMarked(lab.id);
    if (marked.length === 0) return ended;
    const results = await Promise.all(marked.map((identity) => endProcess(identity, 2000)));
    ended.push(...marked.filter((_, i) => results[i]).map(({ pid }) => pid));
  }
  throw new Error("processes of the lab keep starting others");
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
