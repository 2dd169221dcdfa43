import { Reader } from "../codec/bytes.ts";
import { ADMINISTRATOR, ANYONE, Completion, USER } from "./dispatch.ts";
import type { Handlers } from "./dispatch.ts";

/** Additional device support: chassis, FRU, SEL, SDR repository. */
const SUPPORT = 0x80 | 0x08 | 0x04 | 0x02;

/** Device-global commands (IPMI 2.0 §20, §22). `guid` is 16 bytes as they travel. */
export function deviceHandlers(guid: Uint8Array): Handlers {
  let enables = 0x08;
  return {
    deviceId: { privilege: USER, run: () => [0x20, 0x01, 0x01, 0x00, 0x02, SUPPORT, 0, 0, 0, 1, 0, 0, 0, 0, 0] },
    coldReset: { privilege: ADMINISTRATOR, run: () => [] },
    warmReset: { privilege: ADMINISTRATOR, run: () => [] },
    selfTest: { privilege: USER, run: () => [0x55, 0x00] },
    deviceGuid: { privilege: USER, run: () => guid },
    systemGuid: { privilege: ANYONE, run: () => guid },
    setGlobalEnables: {
      privilege: ADMINISTRATOR,
      run(data) {
        enables = new Reader(data, "Set BMC Global Enables").u8();
        return [];
      },
    },
    getGlobalEnables: { privilege: USER, run: () => [enables] },
    clearMessageFlags: { privilege: ADMINISTRATOR, run: () => [] },
    getMessageFlags: { privilege: ADMINISTRATOR, run: () => [0x00] },
    getMessage: { privilege: ADMINISTRATOR, run: nothingThere },
    readEventBuffer: { privilege: ADMINISTRATOR, run: nothingThere },
  };
}

/** The queue is empty (§22.6, §22.8). */
function nothingThere(): never {
  throw new Completion(0x80);
}
