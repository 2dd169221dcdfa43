import { firmware } from "@rackwright/contract";
import { link, mkdir, readdir, readFile, rename, rm, rmdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { codeOf, LabRequestError } from "./errors.ts";
import { processIdentity } from "./world/process-identity.ts";

export const machineState = z.object({
  name: z.string(),
  index: z.int(),
  uuid: z.uuid(),
  mac: z.string(),
  serialNumber: z.string(),
  firmware,
  cpus: z.int().default(1),
  memoryMiB: z.int(),
  directory: z.string(),
  disks: z.array(z.object({ path: z.string(), sizeGiB: z.int(), serial: z.string() })),
  /** The machine's port on the switch: a tap interface in the namespace. */
  tap: z.string(),
  bmc: z.object({
    address: z.string(),
    netmask: z.string(),
    mac: z.string(),
    port: z.int(),
    user: z.string(),
    password: z.string(),
  }),
});
export type MachineState = z.infer<typeof machineState>;

export const labState = z.object({
  version: z.literal(1),
  id: z.uuid(),
  name: z.string(),
  /** `building` until every BMC answers. */
  phase: z.enum(["building", "up"]),
  builder: processIdentity,
  createdAt: z.iso.datetime(),
  stateDirectory: z.string(),
  /** Whether the state directory itself was made by the lab and goes with it. */
  ownsDirectory: z.boolean(),
  namespace: z.string(),
  /** Namespace of the second DHCP server, which exists only while that fault is on. */
  strangerNamespace: z.string(),
  bridge: z.string(),
  bridgeMac: z.string(),
  subnet: z.string(),
  rackAddress: z.string(),
  bmcSubnet: z.string(),
  /** Program and first arguments of a machine's supervisor. */
  supervisor: z.array(z.string()).min(1),
  machines: z.array(machineState),
});
export type LabState = z.infer<typeof labState>;

/** The files of a machine. Sockets are Unix stream sockets. */
export function machineFiles(directory: string) {
  const at = (name: string) => join(directory, name);
  return {
    control: at("control.sock"),
    qmp: at("qmp.sock"),
    serial: at("serial.sock"),
    vm: at("vm.sock"),
    console: at("console.log"),
    earlierConsole: at("console.log.1"),
    variables: at("variables.fd"),
    qemuLog: at("qemu.log"),
    supervisorLog: at("supervisor.log"),
    qemuIdentity: at("qemu.json"),
    supervisorIdentity: at("supervisor.json"),
  };
}

const stateFile = "lab.json";

/** Writes the state of a new lab. Throws a LabRequestError when the directory already holds one. */
export async function writeNewState(state: LabState): Promise<void> {
  const file = join(state.stateDirectory, stateFile);
  const draft = await writeDraft(state);
  try {
    await link(draft, file);
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
    throw new LabRequestError(
      `stateDirectory ${state.stateDirectory} already holds a lab: take that one down first, or choose another directory`,
    );
  } finally {
    await rm(draft, { force: true });
  }
}

/** Replaces the state of a lab in one step. */
export async function replaceState(state: LabState): Promise<void> {
  await rename(await writeDraft(state), join(state.stateDirectory, stateFile));
}

/** Reads the state of a lab; undefined when there is none. Throws a LabRequestError when the file is not ours. */
export async function readState(stateDirectory: string): Promise<LabState | undefined> {
  const file = join(stateDirectory, stateFile);
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR") return undefined;
    throw error;
  }
  const parsed = labState.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw new LabRequestError(`${file} is not the state of a lab: ${z.prettifyError(parsed.error)}`);
}

/** Removes every file the lab made in its state directory, the state itself last. */
export async function removeFiles(state: LabState): Promise<void> {
  await rm(join(state.stateDirectory, "machines"), { recursive: true, force: true });
  for (const entry of await readdir(state.stateDirectory).catch(() => [])) {
    if (/^lab\.json\..*\.draft$/.test(entry)) await rm(join(state.stateDirectory, entry), { force: true });
  }
  await rm(join(state.stateDirectory, stateFile), { force: true });
  if (!state.ownsDirectory) return;
  await rmdir(state.stateDirectory).catch((error: unknown) => {
    if (!["ENOTEMPTY", "ENOENT"].includes(codeOf(error) ?? "")) throw error;
  });
}

/** Makes the state directory, for root alone; answers whether it was not there before. */
export async function makeStateDirectory(stateDirectory: string): Promise<boolean> {
  // The folders above are not the lab's own: other programs and users have to pass them.
  await mkdir(dirname(stateDirectory), { recursive: true, mode: 0o755 });
  return (await mkdir(stateDirectory, { recursive: true, mode: 0o700 })) !== undefined;
}

async function writeDraft(state: LabState): Promise<string> {
  const draft = join(state.stateDirectory, `${stateFile}.${process.pid}.draft`);
  await writeFile(draft, `${JSON.stringify(state, undefined, 2)}\n`, { mode: 0o600 });
  return draft;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
