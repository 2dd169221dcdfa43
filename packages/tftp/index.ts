export { ErrorCode, MalformedPacket, type MalformedReason } from "./error.ts";
export {
  acceptOptionAck,
  DEFAULT_BLKSIZE,
  type Limits,
  negotiateRead,
  type Terms,
  type Wanted,
  wantedOptions,
} from "./negotiate.ts";
export { encodeNetascii, NetasciiDecoder } from "./netascii.ts";
export { Opcode } from "./opcode.ts";
export {
  type Acknowledgment,
  type Data,
  decodePacket,
  encodeAck,
  encodeData,
  encodeError,
  type ErrorPacket,
  MAX_ERROR_TEXT,
  type OptionAck,
  type Packet,
} from "./packet.ts";
export { type ReceiveOutcome, Receiver, type ReceiverOptions } from "./receiver.ts";
export {
  decodeOptionAck,
  decodeRequest,
  encodeOptionAck,
  encodeRequest,
  MAX_REQUEST_BYTES,
  type Mode,
  type Options,
  type Request,
} from "./request.ts";
export { DEFAULT_RETRY, type RetryPolicy, RetryTimer } from "./retry.ts";
export { type Outcome, Sender } from "./sender.ts";
