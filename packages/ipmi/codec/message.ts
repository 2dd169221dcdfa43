import { checksum, concat, MalformedError, Reader } from "./bytes.ts";

/** Slave address of the BMC and the software id of a remote console (IPMI 2.0 §5.5). */
const BMC_ADDRESS = 0x20;
const CONSOLE_ADDRESS = 0x81;

/** A command: network function (even), command number, data. */
export interface Request {
  readonly netFn: number;
  readonly command: number;
  readonly data: Uint8Array;
}

/** A command as it travels: `sequence` (0–63) pairs it with its reply. */
export interface RequestMessage extends Request {
  readonly sequence: number;
  readonly lun: number;
  readonly requester: number;
  readonly requesterLun: number;
}

/** A reply: the network function is the request's plus one; `completion` 0 is success. */
export interface ResponseMessage {
  readonly netFn: number;
  readonly command: number;
  readonly sequence: number;
  readonly completion: number;
  readonly data: Uint8Array;
}

function split(bytes: Uint8Array, what: string): { head: Reader; body: Reader } {
  const shortest = 7;
  if (bytes.length < shortest)
    throw new MalformedError(`${what} of ${bytes.length} bytes, at least ${shortest} expected`);
  if (checksum(bytes.subarray(0, 3)) !== 0) throw new MalformedError(`${what}: the header checksum is wrong`);
  if (checksum(bytes.subarray(3)) !== 0) throw new MalformedError(`${what}: the data checksum is wrong`);
  return { head: new Reader(bytes.subarray(0, 2), what), body: new Reader(bytes.subarray(3, -1), what) };
}

function join(head: readonly number[], body: Uint8Array): Uint8Array {
  const start = Uint8Array.from(head);
  return concat(start, [checksum(start)], body, [checksum(body)]);
}

/** IPMI LAN message, request (IPMI 2.0 §13.8). */
export function encodeRequest({ netFn, command, data }: Request, sequence: number): Uint8Array {
  return join([BMC_ADDRESS, netFn << 2], concat([CONSOLE_ADDRESS, (sequence & 0x3f) << 2, command], data));
}

/** Reads a request. Throws {@link MalformedError}. */
export function decodeRequest(bytes: Uint8Array): RequestMessage {
  const { head, body } = split(bytes, "IPMI request");
  const responder = head.u8();
  if (responder !== BMC_ADDRESS) throw new MalformedError(`an IPMI request for address ${responder}, not for the BMC`);
  const netFnLun = head.u8();
  const requester = body.u8();
  const sequenceLun = body.u8();
  const command = body.u8();
  return {
    netFn: netFnLun >> 2,
    lun: netFnLun & 3,
    requester,
    sequence: sequenceLun >> 2,
    requesterLun: sequenceLun & 3,
    command,
    data: body.rest(),
  };
}

/** The reply to a request; `answer` is the completion code and its data. */
export function encodeResponse(request: RequestMessage, answer: Uint8Array): Uint8Array {
  return join(
    [request.requester, ((request.netFn | 1) << 2) | request.requesterLun],
    concat([BMC_ADDRESS, (request.sequence << 2) | request.lun, request.command], answer),
  );
}

/** Reads a reply. Throws {@link MalformedError}. */
export function decodeResponse(bytes: Uint8Array): ResponseMessage {
  const { head, body } = split(bytes, "IPMI reply");
  head.u8();
  const netFn = head.u8() >> 2;
  body.u8();
  const sequence = body.u8() >> 2;
  const command = body.u8();
  const completion = body.u8();
  return { netFn, sequence, command, completion, data: body.rest() };
}
