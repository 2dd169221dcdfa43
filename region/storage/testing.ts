import { disk, inventory, networkInterface } from "@rackwright/contract";
import type { Disk, Firmware, Inventory, NetworkInterface } from "@rackwright/contract";
import type { DeployableImage } from "./disks.ts";
import { takeDisks } from "./found.ts";
import { type LayoutName, type LayoutWish, applyLayout } from "./layouts.ts";
import { type Maker, type Storage, emptyStorage } from "./model.ts";
import { settle } from "./settle.ts";

const gibibyte = 1024 ** 3;

export function testDisk(name: string, changes: Partial<Disk> = {}): Disk {
  return disk.parse({
    name,
    path: `/dev/disk/by-id/virtio-${name}`,
    size: 16 * gibibyte,
    block_size: 512,
    model: null,
    serial: name,
    firmware_version: null,
    rotational: false,
    removable: false,
    read_only: false,
    transport: "virtio",
    ...changes,
  });
}

export function testCard(name: string, mac: string, changes: Partial<NetworkInterface> = {}): NetworkInterface {
  return networkInterface.parse({
    name,
    mac,
    link: true,
    speed_mbps: 1000,
    vendor: null,
    product: null,
    driver: "virtio_net",
    addresses: [],
    boot: false,
    ...changes,
  });
}

/** What commissioning finds on a small virtual machine. */
export function testInventory(changes: Partial<Inventory> = {}): Inventory {
  return inventory.parse({
    architecture: "amd64",
    firmware: "bios",
    kernel: "6.1.0-30-amd64",
    cpu: { model: "QEMU", vendor: "AuthenticAMD", sockets: 1, cores: 1, threads: 1, speed_mhz: null, flags: [] },
    memory: { total: gibibyte, modules: [] },
    disks: [testDisk("vda")],
    interfaces: [testCard("enp0s2", "52:54:00:00:00:01"), testCard("enp0s3", "52:54:00:00:00:02", { boot: true })],
    dmi: {
      system_vendor: "QEMU",
      system_product: null,
      system_version: null,
      system_serial: null,
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
    virtualization: "qemu",
    ...changes,
  });
}

export const testImage: DeployableImage = {
  name: "debian-12",
  architecture: "amd64",
  files: [{ role: "squashfs", name: "squashfs", sha256: "d".repeat(64), size: 181_000_000 }],
};

/** Identities of a test: ids from 1, UUIDs with the same number. */
export function testMaker(): Maker {
  let [id, uuid] = [0, 0];
  return {
    id: () => (id += 1),
    uuid: () => `00000000-0000-4000-8000-${String((uuid += 1)).padStart(12, "0")}`,
  };
}

/** The storage of a machine of this inventory once it was commissioned. */
export function testStorage(
  found: Inventory,
  { layout = "flat", firmware = found.firmware, wish = {}, make = testMaker() }: Partial<StorageWish> = {},
): Storage {
  const storage: Storage = { ...emptyStorage("abc123"), architecture: found.architecture, firmware };
  takeDisks(storage, make, found, false);
  applyLayout(storage, make, layout, wish);
  settle(storage);
  return storage;
}
type StorageWish = { layout: Exclude<LayoutName, "custom">; firmware: Firmware; wish: LayoutWish; make: Maker };
