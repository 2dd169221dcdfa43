import type { Inventory } from "@rackwright/contract";
import { type Change, type Named, added, differing, matched, removed } from "./compare.ts";

type Device = Inventory["pci"][number];

function describe(device: Device): string {
  const name = [device.vendor, device.product].filter(Boolean).join(" ");
  return `${name} ${device.vendor_id}:${device.product_id}`.trim();
}

function changesOn(bus: "pci" | "usb", before: readonly Device[], after: readonly Device[]): Change[] {
  // A PCI device is where it is plugged in; a USB device may move to another port.
  const named = (devices: readonly Device[]): Named<Device>[] =>
    devices.map((value) => ({
      key: bus === "pci" ? value.address : `${value.vendor_id}:${value.product_id}`,
      name: value.address,
      value,
    }));
  return matched(named(before), named(after)).flatMap(({ name, before: old, after: now }) => {
    const title = `${bus.toUpperCase()} device ${name}`;
    if (!now) return old ? [removed(bus, name, title, describe(old))] : [];
    if (!old) return [added(bus, name, title, describe(now))];
    const id = (device: Device) => `${device.vendor_id}:${device.product_id}`;
    // Names come from lists that grow; what it is, its numbers tell.
    return id(old) === id(now) ? [] : differing(bus, name, title, [["is another:", describe(old), describe(now)]]);
  });
}

/** What came to, went from or was exchanged on a machine's PCI and USB buses. */
export function busChanges(before: Inventory, after: Inventory): Change[] {
  return [...changesOn("pci", before.pci, after.pci), ...changesOn("usb", before.usb, after.usb)];
}
