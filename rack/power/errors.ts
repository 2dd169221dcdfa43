import {
  bmcAuth,
  bmcBusy,
  bmcLies,
  bmcMalformed,
  bmcRefused,
  bmcSettings,
  bmcUnreachable,
  makeFailure,
} from "@rackwright/contract/rack";
import { isIpmiError } from "@rackwright/ipmi";
import type { Failure } from "@rackwright/contract/rack";

/** What kept a power action from being done; each asks something else of the operator. */
const causes = {
  "bmc-settings": bmcSettings,
  "bmc-unreachable": bmcUnreachable,
  "bmc-auth": bmcAuth,
  "bmc-busy": bmcBusy,
  "bmc-refused": bmcRefused,
  "bmc-malformed": bmcMalformed,
  "bmc-lies": bmcLies,
} as const;
export type PowerErrorCode = keyof typeof causes;

/** A power action that failed. Its texts hold no secret. */
export class PowerError extends Error {
  override readonly name = "PowerError";
  readonly code: PowerErrorCode;
  readonly evidence: readonly string[];
  readonly next: string;
  /** Trying again cannot help: settings, credentials, or a command the BMC does not have. */
  readonly fatal: boolean;

  constructor(
    code: PowerErrorCode,
    message: string,
    {
      next,
      evidence = [],
      fatal = false,
      cause,
    }: { next: string; evidence?: readonly string[]; fatal?: boolean; cause?: unknown },
  ) {
    super(message, { cause });
    this.code = code;
    this.evidence = evidence.slice(-MOST_EVIDENCE);
    this.next = next;
    this.fatal = fatal;
  }
}

/** Lines of evidence a failure carries at most, as the contract allows. */
const MOST_EVIDENCE = 50;

/** The error in the form that region, API and screens share. */
export function powerFailure({ code, message, evidence, next }: PowerError): Failure {
  return makeFailure(causes[code], message, evidence, next);
}

/** Puts an error of the IPMI client into the words of this service; other errors are our defects and stay. */
export function fromIpmi(error: unknown): unknown {
  if (!isIpmiError(error)) return error;
  const make = (code: PowerErrorCode, fatal: boolean): PowerError =>
    new PowerError(code, error.message, { next: error.next, evidence: error.evidence, fatal, cause: error });
  switch (error.code) {
    case "no-answer":
      return make("bmc-unreachable", false);
    case "wrong-user":
    case "wrong-password":
    case "wrong-kg":
    case "privilege-refused":
      return make("bmc-auth", true);
    case "suite-refused":
    case "not-ipmi-2":
    case "bad-argument":
      return make("bmc-settings", true);
    case "no-sessions":
    case "session-refused":
      return make("bmc-busy", false);
    case "malformed-reply":
      return make("bmc-malformed", false);
    case "completion":
      return error.passing ? make("bmc-busy", false) : make("bmc-refused", true);
    default:
      return error.code satisfies never;
  }
}
