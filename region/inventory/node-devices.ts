import { type Kysely, type Selectable, sql } from "kysely";
import type { Database } from "../database/pool.ts";
import type { NodeDevicesTable } from "../database/tables/controllers.ts";
import type { Tables } from "../database/tables.ts";
import { appendAudit } from "../events/audit.ts";
import type { By } from "../machines/ask.ts";
import { lockMachine } from "../machines/fire.ts";
import { requireOperator } from "../users/access.ts";

/** What is plugged into a PCI or USB bus of a machine. */
export type NodeDevice = Selectable<NodeDevicesTable>;
export type NodeDeviceFilter = {
  bus?: "pcie" | "usb" | undefined;
  hardware_type?: string | undefined;
  vendor_id?: string | undefined;
  product_id?: string | undefined;
  vendor_name?: string | undefined;
  product_name?: string | undefined;
  commissioning_driver?: string | undefined;
};

const columns = {
  bus: "bus",
  hardware_type: "hardware_type",
  vendor_id: "vendor_id",
  product_id: "product_id",
  vendor_name: "vendor",
  product_name: "product",
  commissioning_driver: "driver",
} as const satisfies Record<keyof NodeDeviceFilter, string>;

/** Devices of a machine in the order of their ids; texts are compared without regard to case. */
export async function listNodeDevices(
  db: Kysely<Tables>,
  machineId: string,
  filter: NodeDeviceFilter = {},
): Promise<NodeDevice[]> {
  let query = db.selectFrom("node_devices").selectAll().where("machine_id", "=", machineId);
  for (const [name, column] of Object.entries(columns)) {
    const value = filter[name as keyof NodeDeviceFilter];
    if (value !== undefined && value !== "")
      query = query.where(sql<boolean>`lower(${sql.ref(column)}) = lower(${value})`);
  }
  return query.orderBy("id").execute();
}

/** One device of a machine, by number, by address, or by `bus:device` in decimal digits. */
export async function findNodeDevice(
  db: Kysely<Tables>,
  machineId: string,
  which: string,
): Promise<NodeDevice | undefined> {
  const all = await listNodeDevices(db, machineId);
  return (
    all.find(({ id }) => String(id) === which) ??
    all.find(({ address }) => address === which) ??
    all.find(({ bus, address }) => bus === "pcie" && decimalAddress(address) === which)
  );
}

/** `0000:5e:00.0` as `94:0`. */
function decimalAddress(address: string): string | null {
  const [, bus, device] = /^(?:[0-9a-f]+:)?([0-9a-f]+):([0-9a-f]+)\.[0-9a-f]+$/i.exec(address) ?? [];
  return bus === undefined || device === undefined
    ? null
    : `${Number.parseInt(bus, 16)}:${Number.parseInt(device, 16)}`;
}

/** Forgets a device of a machine; the next commissioning finds it again where it still is. @throws Denied, NotFound */
export async function deleteNodeDevice(db: Database, device: NodeDevice, { caller, now }: By): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const machine = await lockMachine(tx, device.machine_id, caller);
    requireOperator(caller, machine, "change");
    await tx.deleteFrom("node_devices").where("id", "=", device.id).execute();
    await appendAudit(tx, {
      type: "machine.action",
      at: now,
      machine_id: machine.id,
      actor: caller.username,
      message: `${caller.username} forgot ${device.bus} device ${device.address} of ${machine.hostname}`,
      before: { bus: device.bus, address: device.address, vendor: device.vendor, product: device.product },
      data: { action: "delete device" },
    });
  });
}
