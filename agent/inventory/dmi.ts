import type { Inventory } from "@rackwright/contract";
import { readText } from "../world.ts";
import type { World } from "../world.ts";

const noise =
  /^(0123456789|none|not specified|default string|to be filled by o\.?e\.?m\.?|system serial number|n\/a|unknown|0+)$/i;

const files: Record<keyof Inventory["dmi"], string> = {
  system_vendor: "sys_vendor",
  system_product: "product_name",
  system_version: "product_version",
  system_serial: "product_serial",
  system_uuid: "product_uuid",
  board_vendor: "board_vendor",
  board_product: "board_name",
  board_serial: "board_serial",
  chassis_serial: "chassis_serial",
  firmware_vendor: "bios_vendor",
  firmware_version: "bios_version",
  firmware_date: "bios_date",
  system_sku: "product_sku",
  system_family: "product_family",
  board_version: "board_version",
  chassis_vendor: "chassis_vendor",
  chassis_version: "chassis_version",
  chassis_type: "chassis_type",
};

/** What the firmware says of the machine (SMBIOS, by way of sysfs). Factory filler texts count as nothing. */
export async function readDmi(world: World): Promise<Inventory["dmi"]> {
  const entries = await Promise.all(
    Object.entries(files).map(async ([field, file]) => {
      const text = await readText(world, `/sys/class/dmi/id/${file}`);
      return [field, text === null || noise.test(text) ? null : text.slice(0, 256)] as const;
    }),
  );
  const dmi = Object.fromEntries(entries) as Inventory["dmi"];
  return { ...dmi, system_uuid: usableUuid(dmi.system_uuid), chassis_type: chassisType(dmi.chassis_type) };
}

// SMBIOS 3.7, table 17: System Enclosure or Chassis Types, from 1 on.
const chassisTypes = [
  "Other, Unknown, Desktop, Low Profile Desktop, Pizza Box, Mini Tower, Tower, Portable, Laptop",
  "Notebook, Hand Held, Docking Station, All in One, Sub Notebook, Space-saving, Lunch Box",
  "Main Server Chassis, Expansion Chassis, SubChassis, Bus Expansion Chassis, Peripheral Chassis",
  "RAID Chassis, Rack Mount Chassis, Sealed-case PC, Multi-system chassis, Compact PCI, Advanced TCA",
  "Blade, Blade Enclosure, Tablet, Convertible, Detachable, IoT Gateway, Embedded PC, Mini PC, Stick PC",
].flatMap((line) => line.split(", "));

/** The words for a chassis type's number; null for numbers that say nothing. */
export function chassisType(number: string | null): string | null {
  const word = chassisTypes[Number(number ?? 0) - 1];
  return word === undefined || word === "Other" || word === "Unknown" ? null : word;
}

/** A UUID that tells machines apart: not all of one digit, as boards without one carry. */
export function usableUuid(text: string | null): string | null {
  const uuid = text?.toLowerCase() ?? "";
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(uuid)) return null;
  return new Set(uuid.replaceAll("-", "")).size === 1 || uuid === "03000200-0400-0500-0006-000700080009" ? null : uuid;
}
