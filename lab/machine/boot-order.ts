/** What the firmware tries, first things first. */
export type BootOrder = readonly ["network", "disk"] | readonly ["disk", "network"];

/**
 * The order for a device that the BMC names (IPMI 2.0 table 28-14). A machine of the lab has neither a CD drive nor a
 * set-up screen, so those wishes leave the usual order: network, then disk.
 */
export function bootOrderFor(device: "none" | "pxe" | "disk" | "cdrom" | "bios" | "other"): BootOrder {
  return device === "disk" ? ["disk", "network"] : ["network", "disk"];
}
