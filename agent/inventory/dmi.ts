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
  return { ...dmi, system_uuid: usableUuid(dmi.system_uuid) };
}

/** A UUID that tells machines apart: not all of one digit, as boards without one carry. */
export function usableUuid(text: string | null): string | null {
  const uuid = text?.toLowerCase() ?? "";
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(uuid)) return null;
  return new Set(uuid.replaceAll("-", "")).size === 1 || uuid === "03000200-0400-0500-0006-000700080009" ? null : uuid;
}
