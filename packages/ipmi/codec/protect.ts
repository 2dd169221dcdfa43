import { concat, MalformedError, sameBytes } from "./bytes.ts";
import { decrypt, encrypt } from "./confidentiality.ts";
import { encodePlusFrame } from "./frame.ts";
import type { PlusFrame } from "./frame.ts";
import { packetCode } from "./keys.ts";
import type { SessionKeys } from "./keys.ts";
import type { CipherSuite } from "./suites.ts";

const NEXT_HEADER = 0x07;
const ENCRYPTED_AND_AUTHENTICATED = 0xc0;

/** How the packets of one session are protected. */
export interface Protection {
  readonly suite: CipherSuite;
  readonly keys: SessionKeys;
}

/** Makes a protected packet: encrypted payload, integrity pad, trailer, code (IPMI 2.0 §13.6, table 13-8). */
export function seal(
  { suite, keys }: Protection,
  packet: { payloadType: number; sessionId: number; sequence: number; payload: Uint8Array; iv: Uint8Array },
): Uint8Array {
  const { payloadType, sessionId, sequence, payload, iv } = packet;
  const frame = encodePlusFrame(payloadType, encrypt(keys.confidentiality, iv, payload), {
    flags: ENCRYPTED_AND_AUTHENTICATED,
    sessionId,
    sequence,
  });
  const pad = (4 - ((frame.length + 2) % 4)) % 4;
  const covered = concat(frame, new Uint8Array(pad).fill(0xff), [pad, NEXT_HEADER]);
  return concat(covered, packetCode(suite, keys, covered));
}

/** Checks and decrypts a packet of a session. Throws {@link MalformedError}; nothing unprotected gets through. */
export function unseal({ suite, keys }: Protection, frame: PlusFrame): Uint8Array {
  if (!frame.authenticated || !frame.encrypted) {
    throw new MalformedError("a packet of a protected session came without integrity or encryption");
  }
  const { codeLength } = suite;
  const pad = frame.trailer.at(-codeLength - 2);
  if (pad === undefined || frame.trailer.length !== pad + 2 + codeLength) {
    throw new MalformedError("the integrity trailer has not the length it states");
  }
  if (frame.trailer.at(-codeLength - 1) !== NEXT_HEADER) {
    throw new MalformedError("the integrity trailer's next header is not 07");
  }
  const covered = frame.covered.subarray(0, -codeLength);
  if (!sameBytes(packetCode(suite, keys, covered), frame.trailer.subarray(-codeLength))) {
    throw new MalformedError("the integrity code of a packet is wrong");
  }
  return decrypt(keys.confidentiality, frame.payload);
}
