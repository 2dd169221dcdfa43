/** TFTP error codes (RFC 1350 appendix, RFC 2347 §"Error codes" for 8). */
export const ErrorCode = {
  undefined: 0,
  fileNotFound: 1,
  accessViolation: 2,
  diskFull: 3,
  illegalOperation: 4,
  unknownTransferId: 5,
  fileExists: 6,
  noSuchUser: 7,
  optionRefused: 8,
} as const;

/** What is wrong with a datagram; the peer's fault, never ours. */
export type MalformedReason =
  | "too-short"
  | "too-long"
  | "unknown-opcode"
  | "unterminated-string"
  | "empty-file-name"
  | "unknown-mode"
  | "too-many-options"
  | "trailing-bytes";

/** A datagram that is not the TFTP packet it should be. */
export class MalformedPacket extends Error {
  readonly reason: MalformedReason;
  constructor(reason: MalformedReason, detail: string) {
    super(`malformed TFTP packet: ${detail}`);
    this.name = "MalformedPacket";
    this.reason = reason;
  }
}
