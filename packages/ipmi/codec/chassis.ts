import { Reader } from "./bytes.ts";

/** Chassis Control actions (IPMI 2.0 §28.3). `soft` asks the operating system by ACPI. */
export const CHASSIS_ACTION = { off: 0, on: 1, cycle: 2, reset: 3, diagnostic: 4, soft: 5 } as const;
export type ChassisAction = keyof typeof CHASSIS_ACTION;

/** What Get Chassis Status tells (IPMI 2.0 §28.2). */
export interface ChassisStatus {
  readonly powered: boolean;
  readonly overload: boolean;
  readonly fault: boolean;
  /** What the chassis does when mains power comes back. */
  readonly restorePolicy: "off" | "previous" | "on" | "unknown";
}

const RESTORE = ["off", "previous", "on", "unknown"] as const;

export function decodeChassisStatus(data: Uint8Array): ChassisStatus {
  const reader = new Reader(data, "Get Chassis Status reply");
  const [power = 0] = reader.take(3);
  return {
    powered: (power & 0x01) !== 0,
    overload: (power & 0x02) !== 0,
    fault: (power & 0x08) !== 0,
    restorePolicy: RESTORE[(power >> 5) & 3] ?? "unknown",
  };
}
