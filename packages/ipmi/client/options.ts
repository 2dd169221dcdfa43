import { toKey } from "../codec/keys.ts";
import type { CipherSuiteId } from "../codec/suites.ts";
import type { PRIVILEGE } from "../codec/status.ts";
import { IpmiError } from "./errors.ts";

/** Which BMC, as whom, and how protected. */
export interface SessionOptions {
  readonly address: string;
  /** UDP port, default 623. */
  readonly port?: number;
  /** At most 16 bytes in UTF-8. */
  readonly username: string;
  /** At most 20 bytes in UTF-8. */
  readonly password: string;
  /** The BMC key, at most 20 bytes; see {@link parseKg}. */
  readonly kg?: Uint8Array | undefined;
  readonly cipherSuite: CipherSuiteId;
  readonly privilege: Exclude<keyof typeof PRIVILEGE, "callback">;
  /** Milliseconds for everything in the session, default 20,000, at most 600,000. */
  readonly deadline?: number;
}

/** Options after the check, as bytes. */
export interface CheckedOptions {
  readonly address: string;
  readonly port: number;
  readonly username: Uint8Array;
  readonly kuid: Uint8Array;
  readonly kg: Uint8Array | undefined;
  readonly cipherSuite: CipherSuiteId;
  readonly privilege: SessionOptions["privilege"];
  readonly deadline: number;
}

function bad(message: string, next: string): IpmiError {
  return new IpmiError("bad-argument", message, next);
}

/** Reads a K_g as operators write it: up to 20 characters, or 0x and up to 40 hex digits. Empty means none. */
export function parseKg(text: string): Uint8Array | undefined {
  const next = "Write K_g as at most 20 characters, or as 0x followed by 40 hexadecimal digits.";
  if (text === "") return undefined;
  if (/^0x/i.test(text)) {
    const digits = text.slice(2);
    if (!/^(?:[0-9a-f]{2}){1,20}$/i.test(digits))
      throw bad("K_g starts with 0x but is not 1 to 20 bytes in hexadecimal", next);
    return toKey(Buffer.from(digits, "hex"));
  }
  const bytes = new TextEncoder().encode(text);
  if (bytes.length > 20) throw bad(`K_g is ${bytes.length} bytes long, at most 20 are allowed`, next);
  return toKey(bytes);
}

/** Throws {@link IpmiError} `bad-argument` that names the field, never a secret's value. */
export function checkOptions(options: SessionOptions): CheckedOptions {
  const { address, port = 623, cipherSuite, privilege, deadline = 20_000 } = options;
  const username = new TextEncoder().encode(options.username);
  const password = new TextEncoder().encode(options.password);
  if (username.length > 16) {
    throw bad(
      `the user name "${options.username}" is ${username.length} bytes long`,
      "IPMI 2.0 allows at most 16 bytes: use a shorter user.",
    );
  }
  if (password.length > 20) {
    throw bad(
      `the password is ${password.length} bytes long`,
      "IPMI 2.0 allows at most 20 bytes: set a shorter password in the BMC.",
    );
  }
  if (options.kg !== undefined && options.kg.length > 20)
    throw bad("K_g is longer than 20 bytes", "Shorten it to 20 bytes.");
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw bad(`port ${port} is not a UDP port`, "Use a port from 1 to 65535; BMCs listen on 623.");
  }
  if (!(deadline > 0 && deadline <= 600_000)) throw bad(`deadline ${deadline} ms`, "Use 1 to 600000 ms.");
  return {
    address,
    port,
    username,
    kuid: toKey(password),
    kg: options.kg === undefined || options.kg.every((byte) => byte === 0) ? undefined : toKey(options.kg),
    cipherSuite,
    privilege,
    deadline,
  };
}
