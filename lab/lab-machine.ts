import { askSupervisor, type ControlRequest, type MachineStatus } from "./machine/control.ts";
import type { ControlAction } from "./machine/chassis.ts";
import { noFaults, type FaultWish } from "./machine/faults.ts";
import { setPacketLoss } from "./network/loss.ts";
import type { Firmware } from "./options.ts";
import { machineFiles, type LabState, type MachineState } from "./state.ts";
import { endProcess } from "./world/process-identity.ts";
import type { World } from "./world/world.ts";

/** What one needs to know of a machine to enlist, power and watch it. */
export interface LabMachineDescription {
  readonly name: string;
  readonly mac: string;
  readonly uuid: string;
  readonly serialNumber: string;
  readonly firmware: Firmware;
  readonly cpus: number;
  readonly memoryMiB: number;
  /** The machine's port on the switch. */
  readonly tap: string;
  readonly bmc: {
    readonly address: string;
    readonly port: number;
    readonly mac: string;
    readonly user: string;
    readonly password: string;
  };
  /** Everything the serial console ever said; when it is full it goes on anew and the earlier part is at `….1`. */
  readonly consoleLog: string;
  /** Unix socket of the serial console, for one at a time; there only while the machine is on. */
  readonly serialSocket: string;
  readonly disks: readonly { readonly path: string; readonly sizeGiB: number; readonly serial: string }[];
}

/** A machine of a lab. Power is meant to be switched over IPMI; what is here is the hand on the box. */
export interface LabMachine extends LabMachineDescription {
  describe(): LabMachineDescription;
  status(): Promise<MachineStatus>;
  /** Presses the buttons of the chassis, past the BMC and its faults. */
  power(action: ControlAction): Promise<MachineStatus>;
  /** Sets what is wrong with the BMC, in place of what was; nothing given heals it. */
  setFaults(faults?: FaultWish): Promise<MachineStatus>;
  /** Pulls or plugs the network cable. */
  setLink(up: boolean): Promise<MachineStatus>;
  /** Kills QEMU: the machine loses its power. */
  losePower(): Promise<MachineStatus>;
  /** Drops so many percent of the packets on the machine's port, each way. */
  setPacketLoss(percent: number): Promise<void>;
  /** Kills the supervisor, hence the BMC; the machine runs on. `adoptLab` brings the BMC back. */
  killBmc(): Promise<void>;
}

export function createLabMachine(world: World, lab: LabState, machine: MachineState): LabMachine {
  const files = machineFiles(machine.directory);
  const ask = (request: ControlRequest): Promise<MachineStatus> => askSupervisor(files.control, request);
  const { netmask: _, ...bmc } = machine.bmc;
  const description: LabMachineDescription = {
    name: machine.name,
    mac: machine.mac,
    uuid: machine.uuid,
    serialNumber: machine.serialNumber,
    firmware: machine.firmware,
    cpus: machine.cpus,
    memoryMiB: machine.memoryMiB,
    tap: machine.tap,
    bmc,
    consoleLog: files.console,
    serialSocket: files.serial,
    disks: machine.disks,
  };
  return {
    ...description,
    describe: () => description,
    status: () => ask({ do: "status" }),
    power: (action) => ask({ do: "power", action }),
    setFaults: (faults = noFaults) => ask({ do: "faults", faults }),
    setLink: (up) => ask({ do: "link", up }),
    losePower: () => ask({ do: "lose-power" }),
    setPacketLoss: (percent) => setPacketLoss(world, lab.namespace, machine.tap, percent),
    killBmc: async () => {
      const { supervisor } = await ask({ do: "status" });
      await endProcess(supervisor, 0);
    },
  };
}
