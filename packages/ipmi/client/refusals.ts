import { statusText } from "../codec/status.ts";
import { IpmiError } from "./errors.ts";
import type { CheckedOptions } from "./options.ts";

/** The error for a status that a BMC gave in Open Session, RAKP 2 or RAKP 4. */
export function refusal(status: number, step: string, options: CheckedOptions, evidence: readonly string[]): IpmiError {
  const { address, cipherSuite, privilege } = options;
  const said = `${address} refused ${step} with ${statusText(status)}`;
  const make = (code: ConstructorParameters<typeof IpmiError>[0], next: string): IpmiError =>
    new IpmiError(code, said, next, { evidence });
  switch (status) {
    case 0x01:
    case 0x0b:
      return make(
        "no-sessions",
        `All sessions of the BMC may be in use: close other tools or wait a minute. Some BMCs say this of a cipher suite they refuse: try suite ${cipherSuite === 3 ? 17 : 3}.`,
      );
    case 0x04:
    case 0x05:
    case 0x10:
    case 0x11:
      return make(
        "suite-refused",
        `Cipher suite ${cipherSuite} is off or missing in the BMC: try suite ${cipherSuite === 3 ? 17 : 3}, or enable it.`,
      );
    case 0x09:
    case 0x0a:
      return make(
        "privilege-refused",
        `Ask for less than ${privilege}, or raise the user's privilege on the LAN channel of the BMC.`,
      );
    case 0x0c:
    case 0x0d:
      return make(
        "wrong-user",
        `The BMC has no enabled user of this name with IPMI messaging and the privilege ${privilege}: check the name and the user list of the BMC.`,
      );
    case 0x0f:
      return make(
        "wrong-password",
        "Check the password; it is the one of the BMC's user, not of the operating system.",
      );
    default:
      return make("session-refused", "Try again; if it stays, restart the BMC.");
  }
}

/** RAKP 2 carried a code our password does not give. */
export function wrongPassword(options: CheckedOptions, evidence: readonly string[]): IpmiError {
  return new IpmiError(
    "wrong-password",
    `${options.address} knows the user but has another password for it (the RAKP 2 code does not match)`,
    "Check the password; it is the one of the BMC's user. If it was just changed in the BMC, change it here too.",
    { evidence },
  );
}

/** RAKP 4 carried a check value our session key does not give, although the password was right. */
export function wrongKg(options: CheckedOptions, needsKg: boolean, evidence: readonly string[]): IpmiError {
  const given = options.kg !== undefined;
  const next = given
    ? "Check K_g in the BMC's settings, or leave it empty if the BMC has none."
    : needsKg
      ? "The BMC says that it has a K_g: set it here as well."
      : "Look in the BMC's settings for a K_g (also called encryption key) and set it here as well.";
  return new IpmiError(
    "wrong-kg",
    `${options.address} took the password but holds another K_g (the RAKP 4 check value does not match${given ? "" : "; none is set here"})`,
    next,
    { evidence },
  );
}
