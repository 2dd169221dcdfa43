import { architectureUnknown, makeFailure } from "@rackwright/contract";
import type { Architecture, Firmware, Inventory } from "@rackwright/contract";
import { StepFailed } from "../failure.ts";
import { readText } from "../world.ts";
import type { World } from "../world.ts";
import { readCpu } from "./cpu.ts";
import { readDisks } from "./disks.ts";
import { readDmi } from "./dmi.ts";
import { readInterfaces } from "./interfaces.ts";
import { readKernel } from "./kernel.ts";
import { readMemory } from "./memory.ts";
import { readNumaNodes } from "./numa.ts";
import { gpusOf, readPci } from "./pci.ts";
import { readUsb } from "./usb.ts";

const architectures: Record<string, Architecture> = { x86_64: "amd64", aarch64: "arm64" };

/** Debian's name of the processor architecture; the kernel's name as `uname -m` prints it goes in. */
export function architectureOf(kernelName: string): Architecture {
  const known = architectures[kernelName.trim()];
  if (known === undefined) {
    throw new StepFailed(
      makeFailure(
        architectureUnknown,
        `This machine's architecture is ${kernelName.trim()}; Rackwright knows ${Object.keys(architectures).join(" and ")}.`,
      ),
    );
  }
  return known;
}

/** How the machine was started: the kernel has /sys/firmware/efi only under UEFI. */
export async function readFirmware(world: World): Promise<Firmware> {
  return (await world.list(`${world.root}/sys/firmware/efi`)).length > 0 ? "uefi" : "bios";
}

/** The whole inventory of the machine. */
export async function readInventory(world: World): Promise<Inventory> {
  const uname = await world.run(["uname", "-m"], { timeoutSeconds: 10 });
  const pci = await readPci(world);
  const virtualization = await world.run(["systemd-detect-virt"], { timeoutSeconds: 10 });
  return {
    architecture: architectureOf(uname.output),
    firmware: await readFirmware(world),
    kernel: (await readText(world, "/proc/sys/kernel/osrelease")) ?? "unknown",
    cpu: await readCpu(world),
    memory: await readMemory(world),
    disks: await readDisks(world),
    interfaces: await readInterfaces(world, new Map(pci.map((device) => [device.address, device]))),
    dmi: await readDmi(world),
    pci,
    usb: await readUsb(world),
    virtualization: virtualization.status === 0 ? virtualization.output.trim() : null,
    numa_nodes: await readNumaNodes(world),
    gpus: gpusOf(pci),
    ...(await readKernel(world)),
  };
}
