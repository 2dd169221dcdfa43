import type { Inventory } from "@rackwright/contract";
import { json } from "../database/pool.ts";
import type { Transaction } from "../database/pool.ts";
import { appendEvent } from "../events/append.ts";
import { setUuid, usableUuid } from "./enlist.ts";
import { saveInterfaces } from "./interfaces.ts";

/** Keeps what commissioning found out: inventory, architecture, firmware, serial, UUID, network cards. */
export async function saveInventory(tx: Transaction, machineId: string, inventory: Inventory): Promise<void> {
  const boot = inventory.interfaces.find((card) => card.boot);
  await tx
    .updateTable("machines")
    .set({
      inventory: json(inventory),
      architecture: inventory.architecture,
      firmware: inventory.firmware,
      ...(inventory.dmi.system_serial !== null && { serial: inventory.dmi.system_serial }),
      ...(boot && { boot_mac: boot.mac }),
    })
    .where("id", "=", machineId)
    .execute();
  const uuid = usableUuid(inventory.dmi.system_uuid);
  if (uuid !== null) await setUuid(tx, machineId, uuid);
  if (inventory.interfaces.length > 0) await saveInterfaces(tx, machineId, inventory.interfaces, "replace");
  const storage = inventory.disks.reduce((sum, { size }) => sum + size, 0);
  await appendEvent(tx, {
    type: "machine.inventory",
    machine_id: machineId,
    actor: "machine",
    message:
      `${inventory.cpu.threads} CPU threads, ${(inventory.memory.total / 2 ** 30).toFixed(1)} GiB memory, ` +
      `${inventory.disks.length} disks (${(storage / 1e9).toFixed(0)} GB), ${inventory.interfaces.length} network cards`,
    data: {
      cpu_count: inventory.cpu.threads,
      memory: inventory.memory.total,
      storage,
      disks: inventory.disks.length,
      interfaces: inventory.interfaces.length,
    },
  });
}
