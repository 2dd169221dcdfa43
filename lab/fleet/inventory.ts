import { enlistRequest, type EnlistRequest, type FoundBmc, inventory, type Inventory } from "@rackwright/contract";
import { type MachinePlan, models } from "./plan.ts";

const gibibyte = 1024 ** 3;

function card({ mac }: MachinePlan) {
  const hardware = { speed_mbps: 10_000, vendor: "Nordwind", product: "NW-NIC 10G", driver: "ixgbe" };
  return { name: "eno1", mac, link: true, addresses: [], boot: true, ...hardware };
}

/** What an agent on this machine tells when it introduces itself. */
export function enlistmentOf(plan: MachinePlan): EnlistRequest {
  return enlistRequest.parse({
    architecture: "amd64",
    firmware: plan.firmware,
    uuid: plan.uuid,
    serial: plan.serial,
    interfaces: [card(plan)],
    bmc: { driver: "ipmi", parameters: { power_address: plan.bmc.address } },
  });
}

/** The account an agent made on this machine's BMC. */
export function bmcOf({ bmc, firmware }: MachinePlan): FoundBmc {
  return {
    driver: "ipmi",
    parameters: {
      power_address: bmc.address,
      power_user: bmc.user,
      power_pass: bmc.password,
      privilege_level: "ADMIN",
      cipher_suite_id: "3",
      power_boot_type: firmware === "uefi" ? "efi" : "legacy",
    },
  };
}

/** What commissioning finds out about this machine. */
export function inventoryOf(plan: MachinePlan): Inventory {
  const [vendor, product] = models[plan.number % models.length] ?? models[0];
  const firmware = { firmware_vendor: vendor, firmware_version: "1.20", firmware_date: "2026-02-01" };
  return inventory.parse({
    architecture: "amd64",
    firmware: plan.firmware,
    kernel: "6.1.0-44-amd64",
    cpu: { model: "FT-8216", vendor: "FleetCPU", sockets: 2, cores: 32, threads: 64, speed_mhz: 2900, flags: ["lm"] },
    memory: { total: (64 + 64 * (plan.number % 4)) * gibibyte, modules: [] },
    disks: plan.disk === 0 ? [] : [diskOf(plan)],
    interfaces: [card(plan)],
    dmi: {
      system_vendor: vendor,
      system_product: product,
      system_version: null,
      system_serial: plan.serial,
      system_uuid: plan.uuid,
      board_vendor: vendor,
      board_product: `${product} board`,
      board_serial: null,
      chassis_serial: null,
      ...firmware,
    },
    pci: [],
    usb: [],
    virtualization: null,
  });
}

function diskOf({ disk, serial }: MachinePlan) {
  return {
    name: "sda",
    path: `/dev/disk/by-id/ata-FLEET_${serial}`,
    size: disk,
    block_size: 512,
    model: "FLEET SSD",
    serial,
    firmware_version: "F1",
    rotational: false,
    removable: false,
    read_only: false,
    transport: "sata",
  };
}
