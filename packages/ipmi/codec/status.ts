/** Status codes of Open Session and RAKP messages (IPMI 2.0 table 13-15). */
const STATUS: Readonly<Record<number, string>> = {
  0x00: "no error",
  0x01: "not enough resources to create a session",
  0x02: "invalid session id",
  0x03: "invalid payload type",
  0x04: "invalid authentication algorithm",
  0x05: "invalid integrity algorithm",
  0x06: "no matching authentication payload",
  0x07: "no matching integrity payload",
  0x08: "inactive session id",
  0x09: "invalid role",
  0x0a: "role or privilege level not allowed",
  0x0b: "not enough resources for a session of this role",
  0x0c: "invalid name length",
  0x0d: "unknown user name",
  0x0e: "user name and GUID do not fit",
  0x0f: "invalid integrity check value",
  0x10: "invalid confidentiality algorithm",
  0x11: "no cipher suite match",
  0x12: "illegal parameter",
};

export function statusText(status: number): string {
  return `status ${status.toString(16).padStart(2, "0")} (${STATUS[status] ?? "not in the specification"})`;
}

/** Completion codes every command may give (IPMI 2.0 table 5-2). */
const COMPLETION: Readonly<Record<number, string>> = {
  0x00: "done",
  0xc0: "node busy",
  0xc1: "invalid command",
  0xc2: "command invalid for this LUN",
  0xc3: "time-out while processing",
  0xc4: "out of space",
  0xc5: "reservation cancelled",
  0xc6: "request data cut short",
  0xc7: "request data length invalid",
  0xc8: "request data field length limit exceeded",
  0xc9: "parameter out of range",
  0xca: "cannot return that many bytes",
  0xcb: "requested sensor, data or record not present",
  0xcc: "invalid data field in request",
  0xcd: "command illegal for this sensor or record",
  0xce: "no response could be provided",
  0xcf: "duplicated request",
  0xd0: "SDR repository in update mode",
  0xd1: "device in firmware update mode",
  0xd2: "BMC initialisation in progress",
  0xd3: "destination unavailable",
  0xd4: "insufficient privilege level",
  0xd5: "not supported in present state",
  0xd6: "command sub-function disabled",
  0xff: "unspecified error",
};

export function completionText(completion: number): string {
  return `completion code ${completion.toString(16).toUpperCase().padStart(2, "0")} (${COMPLETION[completion] ?? "specific to the command or the maker"})`;
}

/** Codes that pass by themselves: asking again a little later is right. */
const PASSING: ReadonlySet<number> = new Set([0xc0, 0xc3, 0xc4, 0xcf, 0xd2, 0xd5]);

export function isPassing(completion: number): boolean {
  return PASSING.has(completion);
}

/** Privilege levels (IPMI 2.0 §6.8). */
export const PRIVILEGE = { callback: 1, user: 2, operator: 3, administrator: 4 } as const;
export type Privilege = keyof typeof PRIVILEGE;
