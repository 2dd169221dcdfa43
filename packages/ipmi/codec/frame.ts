import { concat, MalformedError, Reader, u16le, u32le } from "./bytes.ts";

/** Payload types (IPMI 2.0 table 13-16). */
export const PAYLOAD = {
  ipmi: 0x00,
  openRequest: 0x10,
  openResponse: 0x11,
  rakp1: 0x12,
  rakp2: 0x13,
  rakp3: 0x14,
  rakp4: 0x15,
} as const;

/** An IPMI 1.5 session header without authentication: all that may come before an RMCP+ session. */
export interface PlainFrame {
  readonly format: "1.5";
  readonly sessionId: number;
  readonly sequence: number;
  readonly payload: Uint8Array;
}

/** An RMCP+ session header, payload and what follows it (IPMI 2.0 §13.6). */
export interface PlusFrame {
  readonly format: "2.0";
  readonly payloadType: number;
  readonly encrypted: boolean;
  readonly authenticated: boolean;
  readonly sessionId: number;
  readonly sequence: number;
  readonly payload: Uint8Array;
  /** From the authentication type byte to the end: the integrity code covers all of it but itself. */
  readonly covered: Uint8Array;
  /** Pad, pad length, next header, authentication code; empty when not authenticated. */
  readonly trailer: Uint8Array;
}

export type Frame = PlainFrame | PlusFrame;

const AUTH_NONE = 0x00;
const AUTH_RMCP_PLUS = 0x06;

/** Reads the session header of an IPMI-class RMCP body. Throws {@link MalformedError}. */
export function decodeFrame(body: Uint8Array): Frame {
  const reader = new Reader(body, "IPMI session header");
  const authType = reader.u8();
  if (authType === AUTH_NONE) {
    const sequence = reader.u32();
    const sessionId = reader.u32();
    return { format: "1.5", sequence, sessionId, payload: reader.take(reader.u8()) };
  }
  if (authType !== AUTH_RMCP_PLUS) {
    throw new MalformedError(`authentication type ${authType} in the session header, 0 or 6 expected`);
  }
  const type = reader.u8();
  const payloadType = type & 0x3f;
  if (payloadType === 0x02) throw new MalformedError("an OEM payload, which is not supported");
  const sessionId = reader.u32();
  const sequence = reader.u32();
  const payload = reader.take(reader.u16());
  return {
    format: "2.0",
    payloadType,
    encrypted: (type & 0x80) !== 0,
    authenticated: (type & 0x40) !== 0,
    sessionId,
    sequence,
    payload,
    covered: body,
    trailer: reader.rest(),
  };
}

/** Wraps a message that belongs to no session in the 1.5 header, which every BMC reads. */
export function encodePlainFrame(payload: Uint8Array): Uint8Array {
  return concat([AUTH_NONE], u32le(0), u32le(0), [payload.length], payload);
}

/** Session header and payload of RMCP+, without the integrity trailer. `flags`: 80 encrypted, 40 authenticated. */
export function encodePlusFrame(
  payloadType: number,
  payload: Uint8Array,
  { flags = 0, sessionId = 0, sequence = 0 }: { flags?: number; sessionId?: number; sequence?: number } = {},
): Uint8Array {
  return concat(
    [AUTH_RMCP_PLUS, payloadType | flags],
    u32le(sessionId),
    u32le(sequence),
    u16le(payload.length),
    payload,
  );
}
