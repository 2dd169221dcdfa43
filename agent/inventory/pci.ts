import type { Inventory } from "@rackwright/contract";
import type { World } from "../world.ts";
import { numaNodeOf } from "./numa.ts";

type BusDevice = Inventory["pci"][number];
/** PCI devices by address such as 0000:00:03.0. */
export type PciNames = ReadonlyMap<string, BusDevice>;

const idInBrackets = /^(.*?)\s*\[([0-9a-f]{4})\]$/;

/** Reads `lspci -D -vmm -nn -k`: one block a device, `Name [id]` values. */
export function parsePci(text: string): BusDevice[] {
  return text
    .split(/\n\s*\n/)
    .map(
      (block) =>
        new Map(
          [...block.matchAll(/^([A-Za-z]+):\t(.*)$/gm)].map((match) => [match[1] ?? "", (match[2] ?? "").trim()]),
        ),
    )
    .filter((fields) => fields.has("Slot"))
    .map((fields) => {
      const named = (field: string): RegExpMatchArray | null => (fields.get(field) ?? "").match(idInBrackets);
      return {
        address: fields.get("Slot") ?? "",
        vendor_id: named("Vendor")?.[2] ?? "",
        product_id: named("Device")?.[2] ?? "",
        vendor: named("Vendor")?.[1] || null,
        product: named("Device")?.[1] || null,
        class: named("Class")?.[1] || null,
        driver: fields.get("Driver") ?? null,
        serial: null,
        numa_node: null,
      };
    });
}

/** PCI devices with the names of the system's PCI id list. */
export async function readPci(world: World): Promise<BusDevice[]> {
  const result = await world.run(["lspci", "-D", "-vmm", "-nn", "-k"], { timeoutSeconds: 30 });
  const devices = result.status === 0 ? parsePci(result.output) : [];
  return Promise.all(
    devices.map(async (device) => ({
      ...device,
      numa_node: await numaNodeOf(world, `/sys/bus/pci/devices/${device.address}`),
    })),
  );
}

const graphics =
  /^(VGA compatible controller|XGA compatible controller|3D controller|Display controller|Processing accelerators)$/;

/** Graphics and compute cards among PCI devices, by the names of their classes (03xx and 12xx). */
export function gpusOf(devices: readonly BusDevice[]): Inventory["gpus"] {
  return devices
    .filter((device) => graphics.test(device.class ?? ""))
    .slice(0, 256)
    .map(({ class: _class, serial: _serial, ...device }) => device);
}

/** Vendor and product of the PCI device behind another one (a virtio function hangs below its PCI device). */
export function pciName(
  names: PciNames,
  device: string,
  vendorId: string | null,
  productId: string | null,
): { vendor: string | null; product: string | null } {
  const entry =
    names.get(device) ??
    [...names.values()].find((row) => `0x${row.vendor_id}` === vendorId && `0x${row.product_id}` === productId);
  return { vendor: entry?.vendor ?? null, product: entry?.product ?? null };
}
