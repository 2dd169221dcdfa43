import { concat, Reader, u32le } from "./bytes.ts";
import type { Refusal } from "./rakp2.ts";

/** RAKP Message 4 (IPMI 2.0 §13.23): the BMC's proof that both ends hold the same session key. */
export interface Rakp4 extends Refusal {
  readonly check: Uint8Array;
}

export function encodeRakp4({ tag, status, consoleId, check }: Rakp4): Uint8Array {
  return concat([tag, status, 0, 0], u32le(consoleId), check);
}

export function decodeRakp4(payload: Uint8Array): Rakp4 {
  const reader = new Reader(payload, "RAKP message 4");
  const tag = reader.u8();
  const status = reader.u8();
  reader.take(2);
  return { tag, status, consoleId: reader.u32(), check: reader.rest() };
}
