import { concat, Reader, u32le } from "./bytes.ts";

/** RMCP+ Open Session Request (IPMI 2.0 §13.17). */
export interface OpenSessionRequest {
  readonly tag: number;
  /** Highest privilege asked for; 0 leaves it to the BMC. */
  readonly privilege: number;
  readonly consoleId: number;
  readonly algorithms: readonly number[];
}

/** RMCP+ Open Session Response (IPMI 2.0 §13.18). */
export type OpenSessionResponse =
  | { readonly tag: number; readonly status: number; readonly consoleId: number }
  | (OpenSessionRequest & { readonly status: 0; readonly bmcId: number });

function encodeAlgorithms(algorithms: readonly number[]): Uint8Array {
  return Uint8Array.from(algorithms.flatMap((algorithm, kind) => [kind, 0, 0, 8, algorithm, 0, 0, 0]));
}

/** Three records, each: kind, reserved 2, length 8, algorithm, reserved 3. Length 0 means "choose" and reads as -1. */
function decodeAlgorithms(reader: Reader): number[] {
  return [0, 1, 2].map(() => {
    const record = reader.take(8);
    return record[3] === 0 ? -1 : (record[4] ?? 0) & 0x3f;
  });
}

export function encodeOpenSessionRequest(request: OpenSessionRequest): Uint8Array {
  const { tag, privilege, consoleId, algorithms } = request;
  return concat([tag, privilege, 0, 0], u32le(consoleId), encodeAlgorithms(algorithms));
}

export function decodeOpenSessionRequest(payload: Uint8Array): OpenSessionRequest {
  const reader = new Reader(payload, "Open Session Request");
  const tag = reader.u8();
  const privilege = reader.u8() & 0x0f;
  reader.take(2);
  return { tag, privilege, consoleId: reader.u32(), algorithms: decodeAlgorithms(reader) };
}

export function encodeOpenSessionResponse(response: OpenSessionResponse): Uint8Array {
  const { tag, status, consoleId } = response;
  if (!("bmcId" in response)) return concat([tag, status, 0, 0], u32le(consoleId));
  const { privilege, bmcId, algorithms } = response;
  return concat([tag, 0, privilege, 0], u32le(consoleId), u32le(bmcId), encodeAlgorithms(algorithms));
}

export function decodeOpenSessionResponse(payload: Uint8Array): OpenSessionResponse {
  const reader = new Reader(payload, "Open Session Response");
  const tag = reader.u8();
  const status = reader.u8();
  // Some BMCs send only tag and status with an error.
  if (status !== 0) return { tag, status, consoleId: reader.left >= 6 ? (reader.take(2), reader.u32()) : 0 };
  const privilege = reader.u8() & 0x0f;
  reader.u8();
  const consoleId = reader.u32();
  const bmcId = reader.u32();
  return { tag, status, privilege, consoleId, bmcId, algorithms: decodeAlgorithms(reader) };
}
