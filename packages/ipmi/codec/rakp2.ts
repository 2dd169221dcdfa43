import { concat, Reader, u32le } from "./bytes.ts";

/** RAKP Message 2 (IPMI 2.0 §13.21): the BMC's random number, its GUID, and its proof of the password. */
export interface Rakp2 {
  readonly tag: number;
  readonly status: 0;
  readonly consoleId: number;
  readonly bmcRandom: Uint8Array;
  readonly guid: Uint8Array;
  readonly code: Uint8Array;
}

/** A refusal in place of message 2 or 4. */
export interface Refusal {
  readonly tag: number;
  readonly status: number;
  readonly consoleId: number;
}

export function encodeRefusal({ tag, status, consoleId }: Refusal): Uint8Array {
  return concat([tag, status, 0, 0], u32le(consoleId));
}

export function encodeRakp2({ tag, consoleId, bmcRandom, guid, code }: Rakp2): Uint8Array {
  return concat([tag, 0, 0, 0], u32le(consoleId), bmcRandom, guid, code);
}

export function decodeRakp2(payload: Uint8Array): Rakp2 | Refusal {
  const reader = new Reader(payload, "RAKP message 2");
  const tag = reader.u8();
  const status = reader.u8();
  reader.take(2);
  const consoleId = reader.u32();
  if (status !== 0) return { tag, status, consoleId };
  return { tag, status, consoleId, bmcRandom: reader.take(16), guid: reader.take(16), code: reader.rest() };
}
