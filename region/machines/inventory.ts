import type { Inventory } from "@rackwright/contract";
import { sql } from "kysely";
import { json } from "../database/pool.ts";
import type { Transaction } from "../database/pool.ts";
import { appendEvent } from "../events/append.ts";
import { linkByDefault } from "../interfaces/defaults.ts";
import { keepVersion, traitsOf } from "../inventory/index.ts";
import { saveFoundStorage } from "../storage/index.ts";
import { setUuid, usableUuid } from "./identity.ts";
import { saveInterfaces } from "./interfaces.ts";

/** Changes an event carries; the API has them all. */
const mostTold = 100;

/** Keeps what commissioning found out: inventory, what changed of it, architecture, firmware, serial, UUID, network cards. */
export async function saveInventory(
  tx: Transaction,
  machineId: string,
  inventory: Inventory,
  now: Date,
): Promise<void> {
  const boot = inventory.interfaces.find((card) => card.boot);
  await tx
    .updateTable("machines")
    .set({
      inventory: json(inventory),
      traits: json(traitsOf(inventory)),
      // What an operator stated counted until it was found out.
      stated_cpu_count: null,
      stated_memory: null,
      architecture: inventory.architecture,
      firmware: inventory.firmware,
      ...(inventory.dmi.system_serial !== null && { serial: inventory.dmi.system_serial }),
      ...(boot && { boot_mac: boot.mac }),
    })
    .where("id", "=", machineId)
    .execute();
  await sql`select save_node_devices(${machineId}, ${json(inventory)}::jsonb)`.execute(tx);
  const uuid = usableUuid(inventory.dmi.system_uuid);
  if (uuid !== null) await setUuid(tx, machineId, uuid);
  if (inventory.interfaces.length > 0) {
    await saveInterfaces(tx, machineId, inventory.interfaces, "replace");
    await linkByDefault(tx, machineId, now);
  }
  await saveFoundStorage(tx, machineId, inventory);
  const changes = await keepVersion(tx, machineId, inventory);
  const storage = inventory.disks.reduce((sum, { size }) => sum + size, 0);
  const found =
    `${counted(inventory.cpu.threads, "CPU thread")}, ${Number((inventory.memory.total / 2 ** 30).toFixed(1))} GiB memory, ` +
    `${counted(inventory.disks.length, "disk")} (${(storage / 1e9).toFixed(0)} GB), ` +
    counted(inventory.interfaces.length, "network card");
  await appendEvent(tx, {
    type: "machine.inventory",
    level: changes.length > 0 ? "warning" : "info",
    machine_id: machineId,
    actor: "machine",
    message: changes.length > 0 ? `hardware changed: ${changes.map(({ message }) => message).join("; ")}` : found,
    data: {
      cpu_count: inventory.cpu.threads,
      memory: inventory.memory.total,
      storage,
      disks: inventory.disks.length,
      interfaces: inventory.interfaces.length,
      changes: changes.slice(0, mostTold),
    },
  });
}

/** A count with its noun: 1 disk, 2 disks. */
function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
