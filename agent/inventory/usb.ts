import type { Inventory } from "@rackwright/contract";
import { readText } from "../world.ts";
import type { World } from "../world.ts";

/** USB devices from sysfs; root hubs are left out. */
export async function readUsb(world: World): Promise<Inventory["usb"]> {
  const devices: Inventory["usb"] = [];
  for (const name of await world.list(`${world.root}/sys/bus/usb/devices`)) {
    if (!/^\d+-[\d.]+$/.test(name)) continue;
    const base = `/sys/bus/usb/devices/${name}`;
    const text = (file: string): Promise<string | null> => readText(world, `${base}/${file}`);
    devices.push({
      address: name,
      vendor_id: (await text("idVendor")) ?? "",
      product_id: (await text("idProduct")) ?? "",
      vendor: await text("manufacturer"),
      product: await text("product"),
      class: await text("bDeviceClass"),
      driver: (await world.link(`${world.root}${base}/driver`))?.split("/").pop() ?? null,
      serial: (await text("serial"))?.slice(0, 256) ?? null,
      numa_node: null,
    });
  }
  return devices;
}
