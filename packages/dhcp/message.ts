/** DHCP message types (option 53), RFC 2131 3.1 and RFC 2132 9.6. */
export const MessageType = {
  discover: 1,
  offer: 2,
  request: 3,
  decline: 4,
  ack: 5,
  nak: 6,
  release: 7,
  inform: 8,
} as const;
export type MessageTypeName = keyof typeof MessageType;

/** `op` of BOOTP (RFC 951 3): who speaks. */
export const Op = { request: 1, reply: 2 } as const;

/** The broadcast flag, RFC 2131 2 figure 2. */
export const broadcastFlag = 0x8000;

/** Option code → value; values of one code that came in several pieces are joined (RFC 3396). Keeps the order seen. */
export type Options = Map<number, Uint8Array>;

/**
 * A DHCPv4 message (RFC 2131 2). Addresses are dotted text, `mac` is lower case with colons and covers `hlen` bytes of
 * chaddr, `serverName` and `bootFile` are the text up to the first NUL unless option overload (52) used their room.
 */
export interface DhcpMessage {
  op: number;
  hardwareType: number;
  hardwareLength: number;
  hops: number;
  transactionId: number;
  seconds: number;
  flags: number;
  clientAddress: string;
  yourAddress: string;
  serverAddress: string;
  relayAddress: string;
  /** All sixteen bytes of chaddr, as they came. */
  hardwareAddress: Uint8Array;
  mac: string;
  serverName: string;
  bootFile: string;
  options: Options;
}

/** A packet that is not a DHCP message; `message` names the field, what was seen and what is allowed. */
export class DhcpFormatError extends Error {
  override name = "DhcpFormatError";
  readonly field: string;
  constructor(field: string, message: string) {
    super(`${field}: ${message}`);
    this.field = field;
  }
}

/** The address that means "none". */
export const noAddress = "0.0.0.0";

/** Fixed part of a message before the options: 236 bytes of BOOTP (RFC 951 3) and the magic cookie. */
export const headerLength = 240;
/** 99, 130, 83, 99: RFC 2131 3. */
export const magicCookie = 0x63825363;
