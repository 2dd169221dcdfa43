import { isPassing } from "../codec/status.ts";

/** What went wrong between us and a BMC; each asks something else of the operator. */
export type IpmiErrorCode =
  | "bad-argument"
  | "no-answer"
  | "not-ipmi-2"
  | "suite-refused"
  | "no-sessions"
  | "wrong-user"
  | "wrong-password"
  | "wrong-kg"
  | "privilege-refused"
  | "session-refused"
  | "malformed-reply"
  | "completion";

/** A failed exchange with a BMC. Texts and evidence never hold a password or key. */
export class IpmiError extends Error {
  override readonly name = "IpmiError";
  readonly code: IpmiErrorCode;
  /** What an operator can do about it. */
  readonly next: string;
  /** Lines of the exchange, oldest first. */
  readonly evidence: readonly string[];
  /** The completion code, when `code` is `completion` or `privilege-refused`. */
  readonly completion: number | undefined;

  /** The BMC said "not now": the same command may work a little later. */
  get passing(): boolean {
    return this.completion !== undefined && isPassing(this.completion);
  }

  constructor(
    code: IpmiErrorCode,
    message: string,
    next: string,
    { evidence = [], completion }: { evidence?: readonly string[]; completion?: number } = {},
  ) {
    super(message);
    this.code = code;
    this.next = next;
    this.evidence = [...evidence];
    this.completion = completion;
  }
}

export function isIpmiError(error: unknown, code?: IpmiErrorCode): error is IpmiError {
  return error instanceof IpmiError && (code === undefined || error.code === code);
}
