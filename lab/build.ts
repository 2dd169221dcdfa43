import { randomUUID } from "node:crypto";
import { copyFile, mkdir, open, readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { codeOf, LabHostError, LabRequestError } from "./errors.ts";
import { askSupervisor } from "./machine/control.ts";
import { makeNamespace, namespaceExists, refuseExistingNamespace } from "./network/namespace.ts";
import type { LabSettings } from "./options.ts";
import { namespaceOf, planLab } from "./plan.ts";
import {
  machineFiles,
  makeStateDirectory,
  replaceState,
  writeNewState,
  type LabState,
  type MachineState,
} from "./state.ts";
import { takeDown } from "./teardown.ts";
import { identify, labVariable } from "./world/process-identity.ts";
import { checkHost, findUefiFiles } from "./world/requirements.ts";
import type { World } from "./world/world.ts";

/** Makes a lab from nothing. When a step fails, what was made is taken down again. */
export async function buildLab(world: World, settings: LabSettings, supervisor: readonly string[]): Promise<LabState> {
  const firmware = new Set([settings.firmware].flat());
  const problems = await checkHost(world, firmware);
  if (problems.length > 0) throw new LabHostError(problems.join(" "));
  await refuseExistingNamespace(settings.name, namespaceOf(settings.name));
  const builder = await identify(process.pid);
  if (builder === undefined) throw new LabHostError("this process is not to be found in /proc: is /proc mounted?");
  const circumstances = {
    id: randomUUID(),
    createdAt: world.now().toISOString(),
    builder,
    supervisor,
    bmcPassword: Buffer.from(world.random(12)).toString("base64url"),
  };
  // Planned once before the directory is made, so that a bad plan leaves no directory.
  planLab(settings, { ...circumstances, ownsDirectory: false });
  const ownsDirectory = await makeStateDirectory(settings.stateDirectory);
  const lab = planLab(settings, { ...circumstances, ownsDirectory });
  await writeNewState(lab);
  try {
    await makeNamespace(world, lab);
    await Promise.all(lab.machines.map(makeFiles));
    await startSupervisors(world, lab);
    const up: LabState = { ...lab, phase: "up" };
    await replaceState(up);
    return up;
  } catch (error) {
    await takeDown(world, settings.stateDirectory);
    throw error;
  }
}

/** Starts a supervisor for each machine that has none and waits until all answer. */
export async function startSupervisors(world: World, lab: LabState): Promise<void> {
  if (!(await namespaceExists(lab.namespace))) {
    throw new LabRequestError(
      `lab ${lab.name} has lost its network namespace ${lab.namespace}, as after a restart of the host: take it down and make it anew`,
    );
  }
  await Promise.all(
    lab.machines.map(async (machine) => {
      if (await answers(machine)) return;
      const files = machineFiles(machine.directory);
      const argv = ["ip", "netns", "exec", lab.namespace, ...lab.supervisor, lab.stateDirectory, machine.name];
      const environment = { [labVariable]: lab.id };
      const program = await world.detach(argv, { environment, cwd: machine.directory, log: files.supervisorLog });
      let ended = false;
      program.onExit(() => {
        ended = true;
      });
      for (let waited = 0; !(await answers(machine)); waited += 50) {
        if (ended || waited > 60_000) {
          throw new LabHostError(`the BMC of ${machine.name} does not start: ${await lastLine(files.supervisorLog)}`);
        }
        await sleep(50);
      }
    }),
  );
}

async function answers(machine: MachineState): Promise<boolean> {
  try {
    await askSupervisor(machineFiles(machine.directory).control, { do: "status" });
    return true;
  } catch (error) {
    if (["ENOENT", "ECONNREFUSED"].includes(codeOf(error) ?? "")) return false;
    throw error;
  }
}

async function makeFiles(machine: MachineState): Promise<void> {
  await mkdir(machine.directory, { recursive: true, mode: 0o700 });
  for (const disk of machine.disks) {
    const file = await open(disk.path, "wx", 0o600);
    try {
      await file.truncate(disk.sizeGiB * 1024 ** 3);
    } finally {
      await file.close();
    }
  }
  if (machine.firmware === "bios") return;
  const uefi = await findUefiFiles();
  if (uefi === undefined) throw new LabRequestError("the UEFI firmware is not installed");
  await copyFile(uefi.variables, machineFiles(machine.directory).variables);
}

async function lastLine(file: string): Promise<string> {
  const text = await readFile(file, "utf8").catch(() => "");
  return text.trim().split("\n").at(-1) ?? "";
}
