import { z } from "zod";
import { inventory } from "./inventory.ts";
import { instant } from "./values.ts";

/** One thing about a machine's hardware that is not as it was at the commissioning before. */
export const inventoryChange = z.object({
  kind: z.enum(["added", "removed", "changed"]),
  part: z.enum(["system", "firmware", "cpu", "memory", "disk", "interface", "pci", "usb"]),
  name: z.string().describe("which one: a DIMM's slot, a disk, a MAC address, a bus address"),
  message: z.string().describe("the change in words"),
  before: z.string().nullable(),
  after: z.string().nullable(),
});
export type InventoryChange = z.infer<typeof inventoryChange>;

/** A machine's hardware as a commissioning found it, where that was not as before. */
export const inventoryVersion = z.object({ id: z.int(), taken_at: instant, inventory });
export type InventoryVersion = z.infer<typeof inventoryVersion>;

/** What a commissioning found changed since the version before it. */
export const inventoryChanges = z.object({
  id: z.int().describe("of the inventory"),
  taken_at: instant,
  since: instant.describe("when the version before it was taken"),
  changes: z.array(inventoryChange),
  left_off: z.int().describe("changes beyond those told"),
});
export type InventoryChanges = z.infer<typeof inventoryChanges>;
