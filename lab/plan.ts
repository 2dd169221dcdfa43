import { createHash } from "node:crypto";
import { join } from "node:path";
import { LabRequestError } from "./errors.ts";
import { addressAt, netmaskOf, networkOf } from "./network/addresses.ts";
import type { LabSettings } from "./options.ts";
import { machineFiles, type LabState, type MachineState } from "./state.ts";
import type { ProcessIdentity } from "./world/process-identity.ts";

/** sun_path of unix(7) holds 108 bytes, the last of them zero; four more are for the draft name of a socket. */
const longestSocketPath = 103;

export interface Circumstances {
  readonly id: string;
  readonly createdAt: string;
  readonly builder: ProcessIdentity;
  readonly ownsDirectory: boolean;
  readonly supervisor: readonly string[];
  /** Used for all BMCs when the settings name none. */
  readonly bmcPassword: string;
}

/**
 * The whole lab on paper, before anything is made, so that whatever happens later it is known what to remove.
 * MAC addresses and UUIDs depend on the lab's name and the machine's index alone.
 */
export function planLab(settings: LabSettings, circumstances: Circumstances): LabState {
  const { name, stateDirectory } = settings;
  const machines = Array.from({ length: settings.machines }, (_, i) => planMachine(settings, circumstances, i + 1));
  const tooLong = machines
    .flatMap(({ directory }) => Object.values(machineFiles(directory)))
    .find((file) => file.endsWith(".sock") && Buffer.byteLength(file) > longestSocketPath);
  if (tooLong !== undefined) {
    throw new LabRequestError(
      `stateDirectory ${stateDirectory} is too long for Unix sockets: ${tooLong} has more than ${longestSocketPath} bytes; choose a shorter one`,
    );
  }
  return {
    version: 1,
    id: circumstances.id,
    name,
    phase: "building",
    builder: circumstances.builder,
    createdAt: circumstances.createdAt,
    stateDirectory,
    ownsDirectory: circumstances.ownsDirectory,
    namespace: namespaceOf(name),
    strangerNamespace: `${namespaceOf(name)}.dhcp`,
    bridge: "br0",
    bridgeMac: macOf(name, 0, "00"),
    subnet: settings.subnet,
    rackAddress: addressAt(networkOf(settings.subnet), 1),
    bmcSubnet: settings.bmcSubnet,
    supervisor: [...circumstances.supervisor],
    machines,
  };
}

/** The network namespace of a lab. */
export function namespaceOf(labName: string): string {
  return `rw-lab-${labName}`;
}

/**
 * 52:54:00 is what QEMU uses for its machines; then two bytes of the lab's name and the index of the machine,
 * so that machines of one lab never collide. BMCs have 52:54:01.
 */
export function macOf(labName: string, index: number, kind: "00" | "01"): string {
  const hash = createHash("sha256").update(labName).digest("hex");
  return ["52", "54", kind, hash.slice(0, 2), hash.slice(2, 4), index.toString(16).padStart(2, "0")].join(":");
}

/** A UUID of version 8 (RFC 9562 5.8) made from the lab's name and the machine's index. */
export function uuidOf(labName: string, index: number): string {
  const hex = createHash("sha256").update(`${labName}/${index}`).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

function planMachine(settings: LabSettings, circumstances: Circumstances, index: number): MachineState {
  const name = `machine-${index}`;
  const directory = join(settings.stateDirectory, "machines", name);
  const uuid = uuidOf(settings.name, index);
  const bmcNetwork = networkOf(settings.bmcSubnet);
  const { firmware } = settings;
  return {
    name,
    index,
    uuid,
    mac: macOf(settings.name, index, "00"),
    serialNumber: `RW${uuid.slice(0, 8).toUpperCase()}`,
    firmware: Array.isArray(firmware) ? (firmware[index - 1] ?? "bios") : firmware,
    cpus: settings.cpus,
    memoryMiB: settings.memoryMiB,
    directory,
    disks: Array.from({ length: settings.disks }, (_, disk) => ({
      path: join(directory, `disk-${disk + 1}.raw`),
      sizeGiB: settings.diskGiB,
      serial: `rw-${uuid.slice(0, 8)}-${disk + 1}`,
    })),
    tap: `tap${index}`,
    bmc: {
      address: addressAt(bmcNetwork, index + 9),
      netmask: netmaskOf(bmcNetwork),
      mac: macOf(settings.name, index, "01"),
      port: 623,
      user: settings.bmcUser,
      password: settings.bmcPassword ?? circumstances.bmcPassword,
    },
  };
}
