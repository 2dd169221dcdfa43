import type { BootFlags } from "../codec/boot-flags.ts";
import { toKey } from "../codec/keys.ts";
import type { Request } from "../codec/message.ts";
import { PRIVILEGE } from "../codec/status.ts";
import type { CipherSuiteId } from "../codec/suites.ts";
import { createBootOptions } from "./boot-options.ts";
import { channelHandlers } from "./channel.ts";
import type { ChannelState } from "./channel.ts";
import { chassisHandlers } from "./chassis.ts";
import type { Chassis } from "./chassis.ts";
import { deviceHandlers } from "./device.ts";
import { createDispatch, SYSTEM_CHANNEL } from "./dispatch.ts";
import { createLan } from "./lan.ts";
import { lanHandlers } from "./lan-config.ts";
import type { BmcLan } from "./lan-config.ts";
import { createSessions } from "./sessions.ts";
import { storageHandlers } from "./storage.ts";
import { createUsers } from "./users.ts";
import type { BmcUser } from "./users.ts";

/** What a virtual BMC is made of. */
export interface BmcParts {
  readonly chassis: Chassis;
  /** Users by id 1 to 10; missing ids are empty users. These objects are changed by user commands. */
  readonly users: readonly BmcUser[];
  /** 16 bytes, as they travel. */
  readonly guid: Uint8Array;
  /** Changed by Set LAN Configuration Parameters. */
  readonly lan: BmcLan;
  readonly random: (count: number) => Uint8Array;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** BMC key; none unless given. */
  readonly kg?: Uint8Array;
  /** Cipher suites offered, default both. */
  readonly cipherSuites?: readonly CipherSuiteId[];
  /** Open sessions at once, default 5. */
  readonly mostSessions?: number;
  /** Told of an error that is no packet's fault: our defect, or `reply` that threw. Ignored unless given. */
  readonly onDefect?: (error: unknown) => void;
}

/** A virtual BMC: IPMI 2.0 over LAN (cipher suites 3 and 17) and from inside the machine. */
export interface Bmc {
  /** A datagram from UDP port 623; `reply` sends one back. Resolves when it is dealt with, never rejects. */
  handle(datagram: Uint8Array, reply: (datagram: Uint8Array) => void): Promise<void>;
  /** A command from inside the machine, with administrator rights: completion code and data. Never rejects. */
  message(request: Request): Promise<Uint8Array>;
  /** What the firmware would boot. */
  bootDevice(): BootFlags;
  /** What the firmware boots now: to be called when the machine starts; a one-time choice is used up. */
  consumeBootDevice(): BootFlags;
  /** All ten users, live. */
  readonly users: readonly BmcUser[];
}

/** Makes a virtual BMC. It owns no socket and no timer: what is too old is found when the next message comes. */
export function createBmc(parts: BmcParts): Bmc {
  const { chassis, guid, lan, random, now, kg, cipherSuites = [3, 17], mostSessions = 5 } = parts;
  if (guid.length !== 16) throw new RangeError(`guid of ${guid.length} bytes: 16 are required`);
  const users = createUsers(parts.users);
  const sessions = createSessions(now, random, mostSessions);
  const boot = createBootOptions(now);
  const channel: ChannelState = {
    suites: cipherSuites,
    kg: kg === undefined ? undefined : toKey(kg),
    access: { flags: 0x02, limit: PRIVILEGE.administrator },
    sessions: () => sessions.count,
  };
  const dispatch = createDispatch({
    ...deviceHandlers(guid),
    ...channelHandlers(channel),
    ...chassisHandlers(chassis, boot),
    ...boot.handlers,
    ...users.handlers,
    ...lanHandlers(lan, cipherSuites),
    ...storageHandlers(now),
  });
  return {
    handle: createLan({ sessions, users, channel, guid, random, now }, dispatch, parts.onDefect ?? (() => {})),
    message: (request) => dispatch(request, { channel: SYSTEM_CHANNEL, privilege: PRIVILEGE.administrator }),
    bootDevice: () => boot.read(),
    consumeBootDevice: () => boot.consume(),
    users: users.list,
  };
}
