import { spawn, type ChildProcess, type SpawnOptions } from "node:child_process";
import { join } from "node:path";
import { buildLab, startSupervisors } from "./build.ts";
import { LabRequestError } from "./errors.ts";
import { createLabMachine, type LabMachine } from "./lab-machine.ts";
import { startStrangerDhcp, type StrangerDhcp } from "./network/stranger-dhcp.ts";
import { parseLabOptions, type LabOptions } from "./options.ts";
import { readState, type LabState } from "./state.ts";
import { takeDown, type Teardown } from "./teardown.ts";
import { createHostWorld } from "./world/host.ts";
import { labVariable } from "./world/process-identity.ts";
import type { Outcome, RunOptions, World } from "./world/world.ts";

/** What a lab needs from outside; all of it has a default. */
export interface LabParts {
  readonly world?: World;
  /**
   * Program and first arguments that run one machine's supervisor; state directory and machine name follow. Default:
   * this Node with `machine/main.ts`. A bundle of one file names itself here and calls `startSupervisor`.
   */
  readonly supervisor?: readonly string[];
}

/** A virtual rack: a switch, machines with BMCs, and a place for a rack controller. */
export interface Lab {
  readonly name: string;
  readonly stateDirectory: string;
  /** The network namespace in which the rack's side of everything lives. */
  readonly namespace: string;
  /** The rack's interface in the namespace, with `rackAddress` on it; it is the switch as well. */
  readonly rackInterface: string;
  readonly rackAddress: string;
  readonly subnet: string;
  readonly bmcSubnet: string;
  readonly machines: readonly LabMachine[];
  /** A machine by name. Throws a LabRequestError for an unknown name. */
  machine(name: string): LabMachine;
  /** The lab as plain data, with the BMCs' passwords. */
  describe(): LabDescription;
  /** The argument vector that runs a program inside the lab. */
  command(argv: readonly string[]): string[];
  /** Runs a program inside the lab to its end. `lab.down()` ends it if it still runs. */
  run(argv: readonly string[], options?: RunOptions): Promise<Outcome>;
  /** Starts a program inside the lab. `lab.down()` ends it if it still runs. */
  spawn(argv: readonly string[], options?: SpawnOptions): ChildProcess;
  /** A second DHCP server on the machines' network: a fault. */
  startStrangerDhcp(): Promise<StrangerDhcp>;
  /** Ends everything of the lab and removes its files; doing it again does nothing. */
  down(): Promise<Teardown>;
}

/** A lab as data, for people and programs. */
export type LabDescription = Pick<
  Lab,
  "name" | "stateDirectory" | "namespace" | "rackInterface" | "rackAddress" | "subnet" | "bmcSubnet"
> & { readonly machines: readonly ReturnType<LabMachine["describe"]>[] };

/**
 * Makes a lab and answers when every BMC does; the machines are off. The lab outlives the process that made it.
 * Throws a LabRequestError for bad options and a LabHostError when the host lacks something.
 */
export async function createLab(options: LabOptions, parts: LabParts = {}): Promise<Lab> {
  const world = worldOf(parts);
  return open(world, await buildLab(world, parseLabOptions(options), parts.supervisor ?? defaultSupervisor()));
}

/** The lab of a state directory, as it is. Throws a LabRequestError when there is none. */
export async function loadLab(stateDirectory: string, parts: LabParts = {}): Promise<Lab> {
  return open(worldOf(parts), await stateOf(stateDirectory));
}

/**
 * The lab of a state directory, with BMCs that had died started again; they take over the machines that still run.
 */
export async function adoptLab(stateDirectory: string, parts: LabParts = {}): Promise<Lab> {
  const world = worldOf(parts);
  const state = await stateOf(stateDirectory);
  await startSupervisors(world, state);
  return open(world, state);
}

/** Takes down the lab of a state directory, also one that is half made or broken. No lab there is no error. */
export function downLab(stateDirectory: string, parts: LabParts = {}): Promise<Teardown> {
  return takeDown(worldOf(parts), stateDirectory);
}

async function stateOf(stateDirectory: string): Promise<LabState> {
  const state = await readState(stateDirectory);
  if (state === undefined)
    throw new LabRequestError(`${stateDirectory}: there is no lab in it; 'rackwright lab up' makes one`);
  return state;
}

function open(world: World, state: LabState): Lab {
  const machines = state.machines.map((machine) => createLabMachine(world, state, machine));
  const marked = { [labVariable]: state.id };
  const command = (argv: readonly string[]) => ["ip", "netns", "exec", state.namespace, ...argv];
  const facts = {
    name: state.name,
    stateDirectory: state.stateDirectory,
    namespace: state.namespace,
    rackInterface: state.bridge,
    rackAddress: state.rackAddress,
    subnet: state.subnet,
    bmcSubnet: state.bmcSubnet,
  };
  return {
    ...facts,
    machines,
    machine: (name) => {
      const found = machines.find((machine) => machine.name === name);
      if (found !== undefined) return found;
      const known = machines.map((machine) => machine.name).join(", ");
      throw new LabRequestError(`machine ${JSON.stringify(name)} is not in lab ${state.name}, which has ${known}`);
    },
    describe: () => ({ ...facts, machines: machines.map((machine) => machine.describe()) }),
    command,
    run: (argv, options = {}) =>
      world.run(command(argv), { ...options, environment: { ...options.environment, ...marked } }),
    spawn: (argv, options = {}) => {
      const [program = "", ...rest] = command(argv);
      return spawn(program, rest, { ...options, env: { ...(options.env ?? process.env), ...marked } });
    },
    startStrangerDhcp: () => startStrangerDhcp(world, state),
    down: () => takeDown(world, state.stateDirectory),
  };
}

function worldOf(parts: LabParts): World {
  return parts.world ?? createHostWorld(process.env);
}

function defaultSupervisor(): string[] {
  return [process.execPath, join(import.meta.dirname, "machine", "main.ts")];
}
