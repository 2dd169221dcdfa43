import { z } from "zod";
import { ipAddress } from "./addresses.ts";
import { instant, macAddress } from "./values.ts";

/** A card with an address that was seen on a network of ours: what our DHCP gave it. */
export const discovery = z.object({
  id: z.string().describe("base64 of address and MAC address with a comma between"),
  address: z.string(),
  mac: z.string(),
  hostname: z.string().nullable().describe("by which it called itself"),
  subnet_id: z.int(),
  vlan_id: z.int(),
  last_seen: instant,
  rack: z.string().nullable().describe("which has an interface in that subnet"),
  known_mac: z.boolean().describe("it is a card of a machine or device"),
  known_address: z.boolean().describe("a machine or device has the address, or somebody set it aside"),
});
export type Discovery = z.infer<typeof discovery>;
export const discoveryFilter = z.object({
  known_mac: z.enum(["true", "false"]).optional().describe("whether it is a card of a machine or device"),
  known_address: z
    .enum(["true", "false"])
    .optional()
    .describe("whether a machine or device has the address, or somebody set it aside"),
});
/** With an address, only that card with that address; else all. */
export const discoveryClear = z
  .strictObject({
    mac: macAddress.describe("MAC address of the one card; left out: all"),
    address: ipAddress.describe("IP address of the one card; left out: all"),
  })
  .partial();
