import { inventory } from "@rackwright/contract";
import type { Inventory } from "@rackwright/contract";
import type { Insertable } from "kysely";
import { type Database, json } from "../database/pool.ts";
import type { MachinesTable } from "../database/tables/machines.ts";
import { randomSystemId, randomText } from "./credentials.ts";

/** A machine in the database, as a test wants it. Returns its id and the MAC address of its only card. */
export async function testMachine(
  db: Database,
  values: Partial<Insertable<MachinesTable>> = {},
): Promise<{ id: string; mac: string }> {
  const id = values.id ?? randomSystemId();
  // As long as it may be: of six digits, two are the same in some run of hundreds of machines.
  const mac = `52:${randomText(10, "0123456789abcdef").replaceAll(/(..)(?=.)/g, "$1:")}`;
  await db
    .insertInto("machines")
    .values({
      id,
      hostname: `host-${id}`,
      status: "new",
      architecture: "amd64",
      power_driver: "ipmi",
      power_parameters: json({ power_address: "192.0.2.1", power_user: "u", power_pass: "p" }),
      boot_mac: mac,
      ...values,
    })
    .execute();
  await db.insertInto("interfaces").values({ machine_id: id, name: "eth0", mac }).execute();
  return { id, mac };
}

/** The inventory of a small machine. */
export function testInventory(mac: string, memory = 2 ** 31, threads = 2): Inventory {
  return inventory.parse({
    architecture: "amd64",
    firmware: "uefi",
    kernel: "6.1.0",
    cpu: { model: null, vendor: null, sockets: 1, cores: threads, threads, speed_mhz: null, flags: [] },
    memory: { total: memory, modules: [] },
    disks: [
      {
        name: "vda",
        path: "/dev/vda",
        size: 20e9,
        block_size: 512,
        model: null,
        serial: null,
        firmware_version: null,
        rotational: false,
        removable: false,
        read_only: false,
        transport: "virtio",
      },
    ],
    interfaces: [
      {
        name: "eth0",
        mac,
        link: true,
        speed_mbps: 1000,
        vendor: null,
        product: null,
        driver: null,
        addresses: [],
        boot: true,
      },
    ],
    dmi: {
      system_vendor: null,
      system_product: null,
      system_version: null,
      system_serial: "S1",
      system_uuid: null,
      board_vendor: null,
      board_product: null,
      board_serial: null,
      chassis_serial: null,
      firmware_vendor: null,
      firmware_version: null,
      firmware_date: null,
    },
    pci: [],
    usb: [],
    virtualization: "kvm",
  });
}
