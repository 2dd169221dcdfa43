import { Reader, u16le, u32le } from "../codec/bytes.ts";
import { Completion, OPERATOR, USER } from "./dispatch.ts";
import type { Handlers } from "./dispatch.ts";

const VERSION = 0x51;

const NAME = new TextEncoder().encode("BMC");
/** Management Controller Device Locator (§43.9): slave address 20, its capabilities, entity "system management module". */
const LOCATOR_BODY = [0x20, 0, 0, 0x8e, 0, 0, 0, 0x2e, 1, 0, 0xc0 | NAME.length, ...NAME];
const LOCATOR = Uint8Array.from([...u16le(1), VERSION, 0x12, LOCATOR_BODY.length, ...LOCATOR_BODY]);
const LAST_RECORD = 0xffff;

/** Get SDR (§33.12): part of the only record. */
function readSdr(data: Uint8Array): readonly number[] {
  const reader = new Reader(data, "Get SDR");
  reader.u16();
  const id = reader.u16();
  if (id > 1) throw new Completion(0xcb);
  const offset = reader.u8();
  const count = reader.u8();
  if (offset > LOCATOR.length) throw new Completion(0xc9);
  return [...u16le(LAST_RECORD), ...LOCATOR.subarray(offset, count === 0xff ? undefined : offset + count)];
}

/**
 * Empty event log and inventory, and a sensor repository that holds only the BMC's own locator, because tools try to
 * fill an empty one (IPMI 2.0 §31, §33, §34). `now` in milliseconds.
 */
export function storageHandlers(now: () => number): Handlers {
  const clock = (): number[] => u32le(Math.floor(now() / 1000));
  const notPresent = (): never => {
    throw new Completion(0xcb);
  };
  const reservation = (): readonly number[] => u16le(1);
  const allocation = (): readonly number[] => [...u16le(0), ...u16le(0), ...u16le(0), ...u16le(0), 0];
  const repository = (records: number, operations: number) => (): readonly number[] => [
    VERSION,
    ...u16le(records),
    ...u16le(0xffff),
    ...u32le(0),
    ...u32le(0),
    operations,
  ];
  return {
    fruInfo: { privilege: USER, run: notPresent },
    fruRead: { privilege: USER, run: notPresent },
    sdrInfo: { privilege: USER, run: repository(1, 0x22) },
    sdrAllocation: { privilege: USER, run: allocation },
    sdrReserve: { privilege: USER, run: reservation },
    sdrGet: { privilege: USER, run: readSdr },
    sdrTime: { privilege: USER, run: clock },
    selInfo: { privilege: USER, run: repository(0, 0x02) },
    selAllocation: { privilege: USER, run: allocation },
    selReserve: { privilege: USER, run: reservation },
    selGet: { privilege: USER, run: notPresent },
    selClear: { privilege: OPERATOR, run: () => [0x01] },
    selTime: { privilege: USER, run: clock },
    selSetTime: { privilege: OPERATOR, run: () => [] },
  };
}
