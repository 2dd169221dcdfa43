import { z } from "zod";
import { instant } from "./values.ts";

export const username = z.string().regex(/^[A-Za-z0-9@.+_-]{1,150}$/, "must be 1 to 150 of letters, digits and @.+-_");
export const password = z.string().min(8, "must have at least 8 characters").max(1024);

export const user = z.object({ username, administrator: z.boolean(), created_at: instant });
export const userCreate = z.object({ username, password, administrator: z.boolean().default(false) });
export const sessionCreate = z.object({ username, password: z.string().max(1024) });
export const session = z.object({ username, administrator: z.boolean(), csrf_token: z.string(), expires_at: instant });

/** An API key in MAAS's form, `consumer:token:secret`; the whole key is shown once, when it is made. */
export const token = z.object({
  id: z.string(),
  name: z.string(),
  created_at: instant,
  last_used_at: instant.nullable(),
});
export const tokenCreate = z.object({ name: z.string().min(1).max(100).default("") });
export const tokenCreated = token.extend({ key: z.string() });

/** One line of an authorized_keys file. */
export const sshKeyText = z
  .string()
  .max(16384)
  .transform((text) => text.trim())
  .pipe(
    z
      .string()
      .regex(
        /^(ssh-rsa|ssh-ed25519|ecdsa-sha2-nistp(256|384|521)|sk-(ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com) [A-Za-z0-9+/]+=*( [^\r\n]*)?$/,
        "must be one OpenSSH public key such as 'ssh-ed25519 AAAA… name'",
      ),
  );
export const sshKey = z.object({ id: z.int(), key: z.string(), created_at: instant });
export const sshKeyCreate = z.object({ key: sshKeyText });
