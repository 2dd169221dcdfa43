import { createCipheriv, createDecipheriv } from "node:crypto";
import { concat, MalformedError } from "./bytes.ts";

const BLOCK = 16;

/** AES-CBC-128 payload: IV, then data, pad 01 02 03 …, pad length (IPMI 2.0 §13.29). */
export function encrypt(key: Uint8Array, iv: Uint8Array, data: Uint8Array): Uint8Array {
  const pad = (BLOCK - ((data.length + 1) % BLOCK)) % BLOCK;
  const padding = Array.from({ length: pad }, (_, at) => at + 1);
  const cipher = createCipheriv("aes-128-cbc", key, iv).setAutoPadding(false);
  return concat(iv, cipher.update(concat(data, padding, [pad])), cipher.final());
}

/** Undoes {@link encrypt}. Throws {@link MalformedError} when length or padding is not as specified. */
export function decrypt(key: Uint8Array, payload: Uint8Array): Uint8Array {
  if (payload.length < 2 * BLOCK || payload.length % BLOCK !== 0) {
    throw new MalformedError(
      `encrypted payload of ${payload.length} bytes, a multiple of ${BLOCK} from 32 on expected`,
    );
  }
  const decipher = createDecipheriv("aes-128-cbc", key, payload.subarray(0, BLOCK)).setAutoPadding(false);
  const plain = concat(decipher.update(payload.subarray(BLOCK)), decipher.final());
  const pad = plain.at(-1) ?? 0;
  const end = plain.length - 1 - pad;
  if (pad >= BLOCK) throw new MalformedError(`confidentiality pad of ${pad} bytes, at most 15 allowed`);
  for (let at = 0; at < pad; at += 1) {
    if (plain[end + at] !== at + 1) throw new MalformedError("confidentiality pad bytes are not 01 02 03 …");
  }
  return plain.subarray(0, end);
}
