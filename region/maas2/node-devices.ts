import { z } from "zod";
import type { Selectable } from "kysely";
import type { NodeDevicesTable } from "../database/tables/controllers.ts";
import { deleteNodeDevice, findNodeDevice, listNodeDevices } from "../inventory/node-devices.ts";
import { noMatch } from "./common.ts";
import { byCaller, machineOf } from "./machine-call.ts";
import { type Call, type Resource, operation } from "./operation.ts";
import { choice, text } from "./parameters.ts";

type Row = Selectable<NodeDevicesTable>;
const buses = { pcie: { bus: 1, bus_name: "PCIE" }, usb: { bus: 2, bus_name: "USB" } } as const;
const hardware = {
  node: { hardware_type: 0, hardware_type_name: "Node" },
  storage: { hardware_type: 3, hardware_type_name: "Storage" },
  network: { hardware_type: 4, hardware_type_name: "Network" },
  gpu: { hardware_type: 5, hardware_type_name: "GPU" },
} as const;

/** Numbers of a device on its bus: of PCI `0000:5e:00.0` bus 0x5e and device 0, of USB `1-4.2` bus 1. */
function numbersOf({ bus, address }: Row): { bus_number: number; device_number: number; pci_address: string | null } {
  if (bus === "pcie") {
    const [, number = "0", device = "0"] = /^(?:[0-9a-f]+:)?([0-9a-f]+):([0-9a-f]+)\.[0-9a-f]+$/i.exec(address) ?? [];
    return {
      bus_number: Number.parseInt(number, 16),
      device_number: Number.parseInt(device, 16),
      pci_address: address,
    };
  }
  const [, number = "0", port = "0"] = /^(\d+)-(\d+)/.exec(address) ?? [];
  return { bus_number: Number(number), device_number: Number(port), pci_address: null };
}

function render(row: Row): object {
  const { id, machine_id, vendor_id, product_id, vendor, product, driver, numa_node } = row;
  return {
    id,
    ...buses[row.bus],
    ...hardware[row.hardware_type],
    system_id: machine_id,
    numa_node,
    // Which disk or interface is behind a device is not known.
    physical_blockdevice: null,
    physical_interface: null,
    vendor_id,
    product_id,
    vendor_name: vendor,
    product_name: product,
    commissioning_driver: driver,
    ...numbersOf(row),
    resource_uri: `/MAAS/api/2.0/nodes/${machine_id}/devices/${id}/`,
  };
}

async function deviceOf(call: Call, machineId: string): Promise<Row> {
  const row = await findNodeDevice(call.db, machineId, call.path["id"] ?? "");
  if (row === undefined) throw noMatch("NodeDevice");
  return row;
}

/** `nodes/{system_id}/devices/`: what is plugged into a machine's PCI and USB buses. */
export const nodeDeviceResources: readonly Resource[] = [
  {
    handler: "NodeDevicesHandler",
    path: "nodes/{system_id}/devices/",
    doc: "PCI and USB devices of a machine.",
    operations: {
      GET: operation({
        access: "user",
        title: "Lists what is plugged into a machine.",
        parameters: z.object({
          bus: choice("Only on this bus.", ["pcie", "usb"]).optional(),
          hardware_type: choice("Only such hardware.", [
            "node",
            "cpu",
            "memory",
            "storage",
            "network",
            "gpu",
          ]).optional(),
          vendor_id: text("Only of this vendor, by id.", 100).optional(),
          product_id: text("Only this product, by id.", 100).optional(),
          vendor_name: text("Only of this vendor.", 256).optional(),
          product_name: text("Only this product.", 256).optional(),
          commissioning_driver: text("Only with this driver.", 256).optional(),
        }),
        run: async (call, wanted) => {
          const { id } = await machineOf(call, "view");
          return { json: (await listNodeDevices(call.db, id, wanted)).map(render) };
        },
      }),
    },
  },
  {
    handler: "NodeDeviceHandler",
    path: "nodes/{system_id}/devices/{id}/",
    doc: "One device on a machine's PCI or USB bus: by its number, its PCI address, or bus:device.",
    operations: {
      GET: operation({
        access: "user",
        title: "Reads a device.",
        parameters: z.object({}),
        run: async (call) => ({ json: render(await deviceOf(call, (await machineOf(call, "view")).id)) }),
      }),
      DELETE: operation({
        access: "user",
        title: "Forgets a device; commissioning finds it again if it is there.",
        parameters: z.object({}),
        run: async (call) => {
          const { id } = await machineOf(call, "admin");
          const device = await deviceOf(call, id);
          await deleteNodeDevice(call.db, device, byCaller(call));
          return { status: 204 };
        },
      }),
    },
  },
];
