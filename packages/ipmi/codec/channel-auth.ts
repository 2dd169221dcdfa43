import { Reader } from "./bytes.ts";

/** What Get Channel Authentication Capabilities tells (IPMI 2.0 §22.13). */
export interface ChannelAuthentication {
  readonly channel: number;
  /** The BMC key K_g is not all zero: a session needs it. */
  readonly needsKg: boolean;
  readonly speaks20: boolean;
  readonly speaks15: boolean;
}

/** Request data: this channel, 2.0 answers wanted, at this privilege level. */
export function encodeChannelAuthenticationRequest(privilege: number): Uint8Array {
  return Uint8Array.of(0x8e, privilege);
}

export function decodeChannelAuthentication(data: Uint8Array): ChannelAuthentication {
  const reader = new Reader(data, "Get Channel Authentication Capabilities reply");
  const channel = reader.u8() & 0x0f;
  const extended = (reader.u8() & 0x80) !== 0;
  const status = reader.u8();
  const versions = reader.u8();
  return {
    channel,
    needsKg: (status & 0x20) !== 0,
    speaks20: extended && (versions & 0x02) !== 0,
    speaks15: !extended || (versions & 0x01) !== 0,
  };
}
