import { MalformedError, Reader } from "./bytes.ts";

/** Boot devices of boot options parameter 5 (IPMI 2.0 table 28-14), by the number in bits 5:2. */
export const BOOT_DEVICE = { none: 0, pxe: 1, disk: 2, cdrom: 5, bios: 6 } as const;
export type BootDevice = keyof typeof BOOT_DEVICE;

/** The boot flags as a BMC keeps them. */
export interface BootFlags {
  /** `other` stands for a device this package cannot ask for (safe mode, diagnostics, remote media). */
  readonly device: BootDevice | "other";
  readonly efi: boolean;
  readonly persistent: boolean;
  /** Without it firmware ignores the rest. */
  readonly valid: boolean;
}

export const BOOT_PARAMETER = { setInProgress: 0, validClearing: 3, acknowledge: 4, flags: 5 } as const;
/** Parameter 3 bit 3: keep the flags when no chassis control follows within 60 s. */
export const KEEP_WITHOUT_CONTROL = 0x08;

const NAMES = new Map<number, BootDevice>([
  [0, "none"],
  [1, "pxe"],
  [2, "disk"],
  [5, "cdrom"],
  [6, "bios"],
]);

/** The five data bytes of parameter 5. */
export function encodeBootFlags(flags: { device: BootDevice; efi: boolean; persistent: boolean }): number[] {
  const first = 0x80 | (flags.persistent ? 0x40 : 0) | (flags.efi ? 0x20 : 0);
  return [first, BOOT_DEVICE[flags.device] << 2, 0, 0, 0];
}

export function decodeBootFlags(data: Uint8Array): BootFlags {
  const [first = 0, second = 0] = new Reader(data, "boot flags").take(5);
  return {
    device: NAMES.get((second >> 2) & 0x0f) ?? "other",
    efi: (first & 0x20) !== 0,
    persistent: (first & 0x40) !== 0,
    valid: (first & 0x80) !== 0,
  };
}

/** The reply to Get System Boot Options for parameter 5: version, parameter, five bytes. */
export function decodeBootFlagsReply(data: Uint8Array): BootFlags {
  const reader = new Reader(data, "Get System Boot Options reply");
  reader.u8();
  const parameter = reader.u8() & 0x7f;
  if (parameter !== BOOT_PARAMETER.flags) {
    throw new MalformedError(`Get System Boot Options reply for parameter ${parameter}, 5 was asked`);
  }
  return decodeBootFlags(reader.rest());
}
