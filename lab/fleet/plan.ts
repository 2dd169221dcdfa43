import { z } from "zod";
import { type FleetFault, fleetFault } from "./faults.ts";
import { bmcAddress, fleetNetwork, mostMachines } from "./network.ts";

/** What the fleet's program is told. */
export const fleetSettings = z.strictObject({
  /** By number from 1 on; a fault where the machine has one. */
  machines: z
    .array(z.strictObject({ number: z.int().min(1).max(mostMachines), fault: fleetFault.optional() }))
    .max(mostMachines),
  device: z.string().default(fleetNetwork.device),
});
export type FleetSettings = z.input<typeof fleetSettings>;

/** Everything about a machine that its power does not change. */
export interface MachinePlan {
  readonly number: number;
  readonly mac: string;
  /** SMBIOS UUID, as the system reads it. */
  readonly uuid: string;
  /** The UUID its firmware sends in DHCP option 97. */
  readonly bootUuid: string;
  readonly serial: string;
  readonly firmware: "bios" | "uefi";
  readonly bmc: { readonly address: string; readonly user: string; readonly password: string };
  /** Bytes of its disk; 0: it has none. */
  readonly disk: number;
  readonly fault: FleetFault | undefined;
}

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, "0");
const gibibyte = 1024 ** 3;
/** Vendor and product, so that a fleet is made of more than one model. */
export const models = [
  ["Nordwind", "NW-2200"],
  ["Nordwind", "NW-4400"],
  ["Bergwerk", "B12 Gen3"],
] as const;

/** Address of a machine's network card: locally administered, `02:f1:ee` and its number. */
export function macOf(number: number): string {
  const digits = hex(number, 6);
  return `02:f1:ee:${digits.slice(0, 2)}:${digits.slice(2, 4)}:${digits.slice(4)}`;
}

/** The machine of a number: the same in every run. */
export function planMachine(number: number, fault?: FleetFault): MachinePlan {
  const uuidOf = (identity: number): string => `f1eef1ee-0000-4000-8000-${hex(identity, 12)}`;
  return {
    number,
    mac: macOf(number),
    // A twin has the identity of the machine before it.
    uuid: uuidOf(fault === "twin-uuid" ? number - 1 : number),
    bootUuid: uuidOf(number),
    serial: `FLEET${String(number).padStart(6, "0")}`,
    firmware: number % 2 === 0 ? "uefi" : "bios",
    bmc: { address: bmcAddress(number), user: "rackwright", password: `fleet-${hex(number, 8)}` },
    disk: fault === "no-disk" ? 0 : fault === "small-disk" ? gibibyte : 480 * gibibyte,
    fault,
  };
}
