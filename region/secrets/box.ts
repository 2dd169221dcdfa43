import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import type { KeyFile } from "./keys.ts";

/** What a sealed text begins with; then the name of the key, then nonce, ciphertext and tag in base64url. */
const form = /^rw1\.([0-9a-f]{8})\.([A-Za-z0-9_-]{38,})$/;
const nonceLength = 12;
const tagLength = 16;

/** Whether a text was sealed, by whatever key. */
export const isSealed = (text: string): boolean => form.test(text);

/**
 * Seals secrets with AES-256-GCM (NIST SP 800-38D) under the current key of a key file, and opens what any of its keys
 * sealed. The name of what is sealed goes into the tag: a password put into another column does not open.
 */
export class SecretBox {
  readonly #keys: KeyFile;

  constructor(keys: KeyFile) {
    this.#keys = keys;
  }

  /** Name of the key that seals now. */
  get current(): string {
    return this.#keys.current().id;
  }

  seal(secret: Uint8Array, what: string): string {
    const { id, key } = this.#keys.current();
    const nonce = randomBytes(nonceLength);
    const cipher = createCipheriv("aes-256-gcm", key, nonce, { authTagLength: tagLength });
    cipher.setAAD(Buffer.from(what));
    const sealed = Buffer.concat([nonce, cipher.update(secret), cipher.final(), cipher.getAuthTag()]);
    return `rw1.${id}.${sealed.toString("base64url")}`;
  }

  /** @throws Error for a key that is not in the file, or a text that was changed */
  open(text: string, what: string): Buffer {
    const [, id = "", body = ""] = form.exec(text) ?? [];
    const key = this.#keys.find(id);
    if (key === undefined)
      throw new Error(`A secret in the database is sealed with the key ${id}, which is not in ${this.#keys.path}.`);
    const sealed = Buffer.from(body, "base64url");
    const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, nonceLength), {
      authTagLength: tagLength,
    });
    decipher.setAAD(Buffer.from(what));
    decipher.setAuthTag(sealed.subarray(-tagLength));
    return Buffer.concat([decipher.update(sealed.subarray(nonceLength, -tagLength)), decipher.final()]);
  }
}
