import { concat, Reader, u32le } from "./bytes.ts";

/** RAKP Message 3 (IPMI 2.0 §13.22): the console's proof of the password, or why it gives up. */
export interface Rakp3 {
  readonly tag: number;
  readonly status: number;
  readonly bmcId: number;
  readonly code: Uint8Array;
}

export function encodeRakp3({ tag, status, bmcId, code }: Rakp3): Uint8Array {
  return concat([tag, status, 0, 0], u32le(bmcId), code);
}

export function decodeRakp3(payload: Uint8Array): Rakp3 {
  const reader = new Reader(payload, "RAKP message 3");
  const tag = reader.u8();
  const status = reader.u8();
  reader.take(2);
  return { tag, status, bmcId: reader.u32(), code: reader.rest() };
}
