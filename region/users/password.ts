import { argon2, pbkdf2, randomBytes, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";

/** OWASP's first recommendation for argon2id: 19 MiB, two passes, one lane. */
const cost = { memory: 19 * 1024, passes: 2, parallelism: 1 };
const tagLength = 32;
/** Rounds a hash that was brought from elsewhere may ask of us. */
const mostRounds = 5_000_000;

const derive = promisify(argon2);
const deriveOld = promisify(pbkdf2);

/** Hashes a password with argon2id into the PHC text form `$argon2id$v=19$m=…,t=…,p=…$salt$hash`. */
export async function hashPassword(password: string): Promise<string> {
  const nonce = randomBytes(16);
  const tag = await derive("argon2id", { message: password, nonce, tagLength, ...cost });
  return `$argon2id$v=19$m=${cost.memory},t=${cost.passes},p=${cost.parallelism}$${base64(nonce)}$${base64(tag)}`;
}

/** In place of a hash: of a user who has no password here. Belongs to no password. */
export const noPassword = "!";

function base64(bytes: Buffer): string {
  return bytes.toString("base64").replaceAll("=", "");
}

/** Whether a hash is not of the kind `hashPassword` makes, and is made anew once its password is known. */
export const isForeignHash = (hash: string): boolean => !hash.startsWith("$argon2id$");

/**
 * Whether the password belongs to the hash: one of ours, or one in Django's form `pbkdf2_sha256$rounds$salt$hash`, as a
 * MAAS has them. Text that is no such hash belongs to no password.
 */
export async function verifyPassword(password: string, hash: string): Promise<boolean> {
  if (hash.startsWith("pbkdf2_sha256$")) return verifyDjango(password, hash);
  const parts =
    /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,88})\$([A-Za-z0-9+/]{11,88})$/.exec(
      hash,
    );
  if (!parts) return false;
  const [, memory, passes, parallelism, salt = "", expected = ""] = parts;
  const tag = Buffer.from(expected, "base64");
  const seen = await derive("argon2id", {
    message: password,
    nonce: Buffer.from(salt, "base64"),
    tagLength: tag.length,
    memory: Number(memory),
    passes: Number(passes),
    parallelism: Number(parallelism),
  });
  return timingSafeEqual(seen, tag);
}

async function verifyDjango(password: string, hash: string): Promise<boolean> {
  const [, rounds = "", salt = "", expected = ""] =
    /^pbkdf2_sha256\$(\d{1,9})\$([^$]{1,128})\$([A-Za-z0-9+/]{43}=)$/.exec(hash) ?? [];
  if (Number(rounds) < 1 || Number(rounds) > mostRounds) return false;
  const tag = Buffer.from(expected, "base64");
  return timingSafeEqual(await deriveOld(password, salt, Number(rounds), tag.length, "sha256"), tag);
}
