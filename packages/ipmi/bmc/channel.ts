import { Reader } from "../codec/bytes.ts";
import { suiteRecords } from "../codec/suites.ts";
import type { CipherSuiteId } from "../codec/suites.ts";
import { ADMINISTRATOR, ANYONE, channelOf, Completion, LAN_CHANNEL, USER } from "./dispatch.ts";
import type { Handlers } from "./dispatch.ts";

/** Facts about the LAN channel that commands tell and change. */
export interface ChannelState {
  readonly suites: readonly CipherSuiteId[];
  readonly kg: Uint8Array | undefined;
  /** Access mode, 0 (off) to 3, with the flags of §22.22; and the highest privilege. */
  access: { flags: number; limit: number };
  sessions(): number;
}

/** Channel and session commands (IPMI 2.0 §22.13–22.25, §24). */
export function channelHandlers(state: ChannelState): Handlers {
  return {
    channelAuthentication: {
      privilege: ANYONE,
      run(data, asker) {
        const reader = new Reader(data, "Get Channel Authentication Capabilities");
        const channel = channelOf(reader.u8(), asker);
        reader.u8();
        // No 1.5 authentication types; K_g; non-null user names; 2.0 only; no OEM data.
        return [channel, 0x80, (state.kg === undefined ? 0 : 0x20) | 0x04, 0x02, 0, 0, 0, 0];
      },
    },
    cipherSuites: {
      privilege: ANYONE,
      run(data, asker) {
        const reader = new Reader(data, "Get Channel Cipher Suites");
        const channel = channelOf(reader.u8(), asker);
        reader.u8();
        const index = reader.u8() & 0x3f;
        return [channel, ...suiteRecords(state.suites).slice(index * 16, index * 16 + 16)];
      },
    },
    channelInfo: {
      privilege: USER,
      run(data, asker) {
        const channel = channelOf(new Reader(data, "Get Channel Info").u8(), asker);
        const isLan = channel === LAN_CHANNEL;
        const kind = isLan ? [0x04, 0x01, 0x80 | (state.sessions() & 0x3f)] : [0x0c, 0x05, 0x00];
        return [channel, ...kind, 0xf2, 0x1b, 0x00, 0x00, 0x00];
      },
    },
    getChannelAccess: {
      privilege: USER,
      run(data, asker) {
        if (channelOf(new Reader(data, "Get Channel Access").u8(), asker) !== LAN_CHANNEL) throw new Completion(0x82);
        return [state.access.flags, state.access.limit];
      },
    },
    setChannelAccess: {
      privilege: ADMINISTRATOR,
      run(data, asker) {
        const reader = new Reader(data, "Set Channel Access");
        if (channelOf(reader.u8(), asker) !== LAN_CHANNEL) throw new Completion(0x82);
        const flags = reader.u8();
        const limit = reader.u8();
        if ((flags & 0xc0) !== 0) state.access.flags = flags & 0x3f;
        if ((limit & 0xc0) !== 0) state.access.limit = limit & 0x0f;
        return [];
      },
    },
    setSessionPrivilege: {
      privilege: ANYONE,
      run(data, { session, privilege }) {
        const level = new Reader(data, "Set Session Privilege Level").u8() & 0x0f;
        if (session === undefined || level > 4) throw new Completion(0xcc);
        if (level > session.maxPrivilege) throw new Completion(0x81);
        if (level !== 0) session.setPrivilege(level);
        return [level === 0 ? privilege : level];
      },
    },
    closeSession: {
      privilege: ANYONE,
      run(data, { session }) {
        if (session?.close(new Reader(data, "Close Session").u32()) !== true) throw new Completion(0x87);
        return [];
      },
    },
    payloadSupport: { privilege: USER, run: () => [0x01, 0x00, 0x3f, 0x00, 0x00, 0x00, 0x00, 0x00] },
    payloadVersion: {
      privilege: USER,
      run(data) {
        const reader = new Reader(data, "Get Channel Payload Version");
        reader.u8();
        if (reader.u8() !== 0) throw new Completion(0x80);
        return [0x10];
      },
    },
  };
}
