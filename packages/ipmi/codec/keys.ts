import { createHmac } from "node:crypto";
import { concat, u32le } from "./bytes.ts";
import type { CipherSuite } from "./suites.ts";

/** What both ends know when they compute the RAKP codes (IPMI 2.0 §13.31). */
export interface Handshake {
  readonly suite: CipherSuite;
  readonly consoleId: number;
  readonly bmcId: number;
  readonly consoleRandom: Uint8Array;
  readonly bmcRandom: Uint8Array;
  readonly guid: Uint8Array;
  /** Role byte as sent: privilege in bits 0–3, bit 4 for name-only look-up. */
  readonly role: number;
  readonly username: Uint8Array;
  /** The user's key. */
  readonly kuid: Uint8Array;
  /** The BMC's key; absent means the user's key is used twice. */
  readonly kg?: Uint8Array | undefined;
}

/** Keys of an established session. */
export interface SessionKeys {
  readonly sik: Uint8Array;
  readonly integrity: Uint8Array;
  readonly confidentiality: Uint8Array;
}

function hmac(suite: CipherSuite, key: Uint8Array, ...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  return createHmac(suite.hash, key)
    .update(concat(...parts))
    .digest();
}

/** A password or K_g as a key: zero-padded to 20 bytes. */
export function toKey(secret: Uint8Array): Uint8Array {
  const key = new Uint8Array(20);
  key.set(secret.subarray(0, 20));
  return key;
}

function identity({ role, username }: Handshake): Uint8Array {
  return concat([role, username.length], username);
}

/** Key exchange code of RAKP 2: proves that the BMC knows the password. */
export function rakp2Code(h: Handshake): Uint8Array {
  const ids = concat(u32le(h.consoleId), u32le(h.bmcId));
  return hmac(h.suite, h.kuid, ids, h.consoleRandom, h.bmcRandom, h.guid, identity(h));
}

/** Key exchange code of RAKP 3: proves that the console knows the password. */
export function rakp3Code(h: Handshake): Uint8Array {
  return hmac(h.suite, h.kuid, h.bmcRandom, u32le(h.consoleId), identity(h));
}

/** Session integrity key, and K1, K2 made from it with twenty bytes 01 and 02 (§13.31, §13.32). */
export function sessionKeys(h: Handshake): SessionKeys {
  const sik = hmac(h.suite, h.kg ?? h.kuid, h.consoleRandom, h.bmcRandom, identity(h));
  const constant = (byte: number): Uint8Array => new Uint8Array(20).fill(byte);
  return {
    sik,
    integrity: hmac(h.suite, sik, constant(1)),
    confidentiality: hmac(h.suite, sik, constant(2)).subarray(0, 16),
  };
}

/** Integrity check value of RAKP 4: proves that both ends know the same K_g. */
export function rakp4Check(h: Handshake, sik: Uint8Array): Uint8Array {
  return hmac(h.suite, sik, h.consoleRandom, u32le(h.bmcId), h.guid).subarray(0, h.suite.icvLength);
}

/** The authentication code at the end of a packet (§13.28.4). */
export function packetCode(suite: CipherSuite, keys: SessionKeys, covered: Uint8Array): Uint8Array {
  return hmac(suite, keys.integrity, covered).subarray(0, suite.codeLength);
}
