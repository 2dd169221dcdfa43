import { concat, MalformedError, Reader } from "./bytes.ts";

/** RMCP class of message (IPMI 2.0 §13.1.3). */
export const RMCP_ASF = 0x06;
export const RMCP_IPMI = 0x07;

/** An RMCP datagram: which class, and what the class carries. */
export interface Rmcp {
  readonly messageClass: number;
  readonly body: Uint8Array;
}

/** Longest datagram taken seriously, in bytes; IPMI messages are far shorter. */
const LONGEST = 1500;

/** Reads the four-byte RMCP header (IPMI 2.0 §13.1.3). Throws {@link MalformedError}. */
export function decodeRmcp(datagram: Uint8Array): Rmcp {
  if (datagram.length > LONGEST)
    throw new MalformedError(`RMCP datagram of ${datagram.length} bytes, ${LONGEST} allowed`);
  const reader = new Reader(datagram, "RMCP header");
  const version = reader.u8();
  if (version !== 0x06) throw new MalformedError(`RMCP version ${version}, 6 expected`);
  reader.take(2);
  const messageClass = reader.u8();
  if ((messageClass & 0x80) !== 0) throw new MalformedError("an RMCP acknowledgement, which IPMI never uses");
  return { messageClass: messageClass & 0x1f, body: reader.rest() };
}

/** Writes an RMCP datagram that asks for no RMCP acknowledgement (sequence FF). */
export function encodeRmcp(messageClass: number, body: Uint8Array): Uint8Array {
  return concat([0x06, 0x00, 0xff, messageClass], body);
}
