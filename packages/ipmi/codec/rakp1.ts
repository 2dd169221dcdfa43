import { concat, MalformedError, Reader, u32le } from "./bytes.ts";

/** RAKP Message 1 (IPMI 2.0 §13.20): who wants in, and the console's random number. */
export interface Rakp1 {
  readonly tag: number;
  readonly bmcId: number;
  readonly consoleRandom: Uint8Array;
  readonly role: number;
  readonly username: Uint8Array;
}

export function encodeRakp1({ tag, bmcId, consoleRandom, role, username }: Rakp1): Uint8Array {
  return concat([tag, 0, 0, 0], u32le(bmcId), consoleRandom, [role, 0, 0, username.length], username);
}

/** Throws {@link MalformedError}; a name longer than 16 bytes is left to the caller, who owes it a status. */
export function decodeRakp1(payload: Uint8Array): Rakp1 {
  const reader = new Reader(payload, "RAKP message 1");
  const tag = reader.u8();
  reader.take(3);
  const bmcId = reader.u32();
  const consoleRandom = reader.take(16);
  const role = reader.u8();
  reader.take(2);
  const username = reader.take(reader.u8());
  if (reader.left > 16) throw new MalformedError(`RAKP message 1 with ${reader.left} bytes behind the name`);
  return { tag, bmcId, consoleRandom, role, username };
}
