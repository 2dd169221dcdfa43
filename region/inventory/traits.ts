import type { Inventory } from "@rackwright/contract";
import { when } from "./compare.ts";

/** What twins are compared by, in the order it is shown. */
export const traitNames = [
  "CPU model",
  "CPU sockets",
  "CPU cores",
  "CPU threads",
  "virtualisation",
  "memory",
  "DIMM count",
  "DIMM sizes",
  "DIMM speeds",
  "DIMM slots",
  "disk count",
  "disk models",
  "disk sizes",
  "disk firmware",
  "disk kinds",
  "NIC count",
  "NIC speeds",
  "NIC drivers",
  "NIC firmware",
  "BIOS version",
  "boot mode",
  "Secure Boot",
] as const;
export type TraitName = (typeof traitNames)[number];
/** An inventory in words: the same words mean the same hardware. */
export type Traits = Record<TraitName, string>;

const longest = 500;
const none = "none";

/** 17179869184 → "16 GiB". */
export function binaryBytes(count: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  let value = count;
  let unit = 0;
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024;
  return `${Number.isInteger(value) ? value : value.toFixed(1)} ${units[unit]}`;
}

/** 20000000000 → "20 GB", as disks are sold. */
export function decimalBytes(count: number): string {
  const units = ["B", "KB", "MB", "GB", "TB", "PB"];
  let value = count;
  let unit = 0;
  for (; value >= 1000 && unit < units.length - 1; unit++) value /= 1000;
  return `${Number.isInteger(value) ? value : value.toFixed(1)} ${units[unit]}`;
}

/** "2 × A, 1 × B": how often each value occurs, whatever order they came in. */
function counted(values: readonly (string | null)[]): string {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value ?? "unknown", (counts.get(value ?? "unknown") ?? 0) + 1);
  const parts = [...counts].map(([value, count]) => `${count} × ${value}`).sort();
  return parts.join(", ").slice(0, longest) || none;
}

/** The processor's flag for virtualisation, which firmware can switch off. */
function virtualisation(flags: readonly string[]): string {
  if (flags.includes("vmx")) return "VT-x";
  return flags.includes("svm") ? "AMD-V" : "off";
}

/** What one machine has to have in common with others of its model. Names and numbers that are each machine's own are left out. */
export function traitsOf({ cpu, memory, disks, interfaces, dmi, firmware, secure_boot }: Inventory): Traits {
  const slots = memory.modules.map(({ locator }) => locator ?? "unknown").sort();
  return {
    "CPU model": cpu.model?.slice(0, longest) ?? "unknown",
    "CPU sockets": String(cpu.sockets),
    "CPU cores": String(cpu.cores),
    "CPU threads": String(cpu.threads),
    virtualisation: virtualisation(cpu.flags),
    // Without modules it is what the kernel found, which differs by a few pages from machine to machine.
    memory: memory.modules.length > 0 ? binaryBytes(memory.total) : `${(memory.total / 2 ** 30).toFixed(1)} GiB`,
    "DIMM count": String(memory.modules.length),
    "DIMM sizes": counted(memory.modules.map(({ size }) => binaryBytes(size))),
    "DIMM speeds": counted(memory.modules.map(({ speed_mts }) => when(speed_mts, "MT/s"))),
    "DIMM slots": slots.join(", ").slice(0, longest) || none,
    "disk count": String(disks.length),
    "disk models": counted(disks.map(({ model }) => model)),
    "disk sizes": counted(disks.map(({ size }) => decimalBytes(size))),
    "disk firmware": counted(disks.map(({ firmware_version }) => firmware_version)),
    "disk kinds": counted(disks.map(({ rotational }) => (rotational ? "rotational" : "solid-state"))),
    "NIC count": String(interfaces.length),
    "NIC speeds": counted(interfaces.map(({ speed_mbps }) => (speed_mbps === null ? "no link" : `${speed_mbps} Mb/s`))),
    "NIC drivers": counted(interfaces.map(({ driver }) => driver)),
    "NIC firmware": counted(interfaces.map(({ firmware_version }) => firmware_version)),
    "BIOS version": dmi.firmware_version ?? "unknown",
    "boot mode": firmware,
    "Secure Boot": secure_boot ? "on" : "off",
  };
}
