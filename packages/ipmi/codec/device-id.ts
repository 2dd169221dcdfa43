import { Reader } from "./bytes.ts";

/** What Get Device ID tells (IPMI 2.0 §20.1). */
export interface DeviceId {
  readonly deviceId: number;
  readonly revision: number;
  /** "major.minor" of the BMC's firmware. */
  readonly firmware: string;
  /** "1.5" or "2.0". */
  readonly ipmiVersion: string;
  /** IANA enterprise number of the maker. */
  readonly manufacturer: number;
  readonly product: number;
}

export function decodeDeviceId(data: Uint8Array): DeviceId {
  const reader = new Reader(data, "Get Device ID reply");
  const deviceId = reader.u8();
  const revision = reader.u8() & 0x0f;
  const major = reader.u8() & 0x7f;
  const minor = reader.u8();
  const version = reader.u8();
  reader.u8();
  const manufacturer = reader.u8() | (reader.u8() << 8) | ((reader.u8() & 0x0f) << 16);
  return {
    deviceId,
    revision,
    firmware: `${major}.${(minor >> 4).toString()}${(minor & 0x0f).toString()}`,
    ipmiVersion: `${version & 0x0f}.${version >> 4}`,
    manufacturer,
    product: reader.u16(),
  };
}
