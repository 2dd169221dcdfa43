import type { Disk, Inventory, InventoryChange, NetworkInterface } from "@rackwright/contract";
import { busChanges } from "./bus-changes.ts";
import { type Change, type Named, added, changed, differing, matched, removed, when } from "./compare.ts";
import { binaryBytes, decimalBytes } from "./traits.ts";

type Module = Inventory["memory"]["modules"][number];

/** Changes told at most; a machine whose every part was exchanged needs no longer list. */
export const mostChanges = 1000;

const words = (...parts: (string | null | undefined | false)[]): string => parts.filter(Boolean).join(" ");
const onOff = (value: boolean | null | undefined): string | null =>
  typeof value === "boolean" ? (value ? "on" : "off") : null;
const ratio = (one: number, other: number): number => Math.abs(one - other) / Math.max(1, Math.abs(one));

function describeModule({ size, type, speed_mts, manufacturer, part }: Module): string {
  return words(binaryBytes(size), type, speed_mts !== null && `${speed_mts} MT/s`, manufacturer, part);
}

function memoryChanges(before: Inventory["memory"], after: Inventory["memory"]): Change[] {
  const counted = before.modules.length > 0 && after.modules.length > 0;
  // What a kernel sees of the same modules differs from kernel to kernel.
  const differs = counted ? before.total !== after.total : ratio(before.total, after.total) > 0.02;
  const named = (modules: readonly Module[]): Named<Module>[] =>
    modules.map((value) => ({ key: value.locator ?? describeModule(value), name: value.locator ?? "", value }));
  const total = differs
    ? [changed("memory", "total", "memory", binaryBytes(before.total), binaryBytes(after.total))]
    : [];
  // A system that names no modules at all did not lose them.
  if (before.modules.length === 0 || after.modules.length === 0) return total;
  return [
    ...total,
    ...matched(named(before.modules), named(after.modules)).flatMap(({ name, before: old, after: now }) => {
      const title = words("DIMM", name);
      if (!now) return old ? [removed("memory", name, title, describeModule(old))] : [];
      if (!old) return [added("memory", name, title, describeModule(now))];
      return differing("memory", name, title, [
        ["size", binaryBytes(old.size), binaryBytes(now.size)],
        ["type", old.type, now.type],
        ["speed", when(old.speed_mts, "MT/s"), when(now.speed_mts, "MT/s")],
        ["maker", old.manufacturer, now.manufacturer],
        ["part", old.part, now.part],
        ["serial number", old.serial, now.serial],
      ]);
    }),
  ];
}

function describeDisk(disk: Disk): string {
  return words(decimalBytes(disk.size), disk.model, disk.serial !== null && `serial ${disk.serial}`);
}

const verdict = ({ health }: Disk): string | null =>
  typeof health?.healthy === "boolean" ? (health.healthy ? "good" : "failing") : null;

function diskChanges(before: readonly Disk[], after: readonly Disk[]): Change[] {
  // Kernels number disks as they find them: only where there is no serial number, path or name tell which it is.
  const named = (disks: readonly Disk[]): Named<Disk>[] =>
    disks.map((value) => ({
      key: value.serial === null ? `path ${value.path}` : `serial ${value.serial}`,
      name: value.name,
      value,
    }));
  const kind = ({ rotational }: Disk): string => (rotational ? "rotational" : "solid-state");
  return matched(named(before), named(after)).flatMap(({ name, before: old, after: now }) => {
    const title = `disk ${name}`;
    if (!now) return old ? [removed("disk", name, title, describeDisk(old))] : [];
    if (!old) return [added("disk", name, title, describeDisk(now))];
    return differing("disk", name, title, [
      ["size", decimalBytes(old.size), decimalBytes(now.size)],
      ["model", old.model, now.model],
      ["firmware", old.firmware_version, now.firmware_version],
      ["kind", kind(old), kind(now)],
      ["block size", String(old.block_size), String(now.block_size)],
      ["transport", old.transport, now.transport],
      ["health", verdict(old), verdict(now)],
      ["reallocated sectors", when(old.health?.reallocated_sectors, ""), when(now.health?.reallocated_sectors, "")],
      ["access", old.read_only ? "read-only" : "writable", now.read_only ? "read-only" : "writable"],
    ]);
  });
}

function describeCard(card: NetworkInterface): string {
  return words(card.mac, card.product ?? card.driver, when(card.speed_mbps, "Mb/s"));
}

/** Which port of which switch the cable goes to, where a switch announces itself. */
function switchPort({ neighbours }: NetworkInterface): string | null {
  const ports = (neighbours ?? []).map(({ name, chassis_id, port_id }) => words(name ?? chassis_id, port_id));
  return ports.length === 0 ? null : [...new Set(ports)].sort().join(", ");
}

function cardChanges(before: readonly NetworkInterface[], after: readonly NetworkInterface[]): Change[] {
  const named = (cards: readonly NetworkInterface[]): Named<NetworkInterface>[] =>
    cards.map((value) => ({ key: value.mac, name: value.name, value }));
  const link = (card: NetworkInterface): string => (card.link ? "up" : "down");
  return matched(named(before), named(after)).flatMap(({ key, name, before: old, after: now }) => {
    const title = `NIC ${name}`;
    if (!now) return old ? [removed("interface", key, title, describeCard(old))] : [];
    if (!old) return [added("interface", key, title, describeCard(now))];
    // Without a link there is no speed: that is told once.
    const speeds = old.link === now.link ? [when(old.speed_mbps, "Mb/s"), when(now.speed_mbps, "Mb/s")] : [];
    return differing("interface", key, title, [
      ["link", link(old), link(now)],
      ["speed", speeds[0] ?? null, speeds[1] ?? null],
      ["driver", old.driver, now.driver],
      ["product", old.product, now.product],
      ["firmware", old.firmware_version, now.firmware_version],
      ["highest speed", when(old.max_speed_mbps, "Mb/s"), when(now.max_speed_mbps, "Mb/s")],
      ["switch port", switchPort(old), switchPort(now)],
    ]);
  });
}

/** What changed of a machine's hardware, in an operator's words. Kernel, addresses and momentary speeds are no hardware. */
export function compareInventories(before: Inventory, after: Inventory): InventoryChange[] {
  const firmware = (key: "firmware_vendor" | "firmware_version" | "firmware_date") =>
    [before.dmi[key], after.dmi[key]] as const;
  const [oldVersion, newVersion] = firmware("firmware_version");
  const [oldDate, newDate] = oldVersion === newVersion ? firmware("firmware_date") : [null, null];
  const changes = [
    ...differing("system", "system", "system", [
      ["architecture", before.architecture, after.architecture],
      ["vendor", before.dmi.system_vendor, after.dmi.system_vendor],
      ["model", before.dmi.system_product, after.dmi.system_product],
      ["serial number", before.dmi.system_serial, after.dmi.system_serial],
      ["UUID", before.dmi.system_uuid, after.dmi.system_uuid],
      ["board", before.dmi.board_product, after.dmi.board_product],
      ["board serial number", before.dmi.board_serial, after.dmi.board_serial],
      // Null is what a machine of iron has.
      ["virtualization", before.virtualization ?? "none", after.virtualization ?? "none"],
      ["TPM", before.tpm, after.tpm],
    ]),
    ...differing("firmware", "firmware", "firmware", [
      ["vendor", ...firmware("firmware_vendor")],
      ["version", oldVersion, newVersion],
      ["date", oldDate, newDate],
      ["boot mode", before.firmware, after.firmware],
      ["Secure Boot", onOff(before.secure_boot), onOff(after.secure_boot)],
    ]),
    ...differing("cpu", "cpu", "CPU", [
      ["model", before.cpu.model, after.cpu.model],
      ["sockets", String(before.cpu.sockets), String(after.cpu.sockets)],
      ["cores", String(before.cpu.cores), String(after.cpu.cores)],
      ["threads", String(before.cpu.threads), String(after.cpu.threads)],
    ]),
    ...memoryChanges(before.memory, after.memory),
    ...diskChanges(before.disks, after.disks),
    ...cardChanges(before.interfaces, after.interfaces),
    ...busChanges(before, after),
  ];
  return changes.map((change) => ({ ...change, message: change.message.slice(0, 1000) }));
}
