import { Reader, sameBytes } from "../codec/bytes.ts";
import { PRIVILEGE } from "../codec/status.ts";
import type { Privilege } from "../codec/status.ts";
import { ADMINISTRATOR, channelOf, Completion, OPERATOR } from "./dispatch.ts";
import type { Handlers } from "./dispatch.ts";

/** A user of the BMC. Id 1 is the one without a name, as in the specification. */
export interface BmcUser {
  readonly id: number;
  name: string;
  password: string;
  enabled: boolean;
  privilege: Privilege | "none";
  /** May use IPMI over LAN; true unless said. */
  messaging?: boolean;
}

export const MOST_USERS = 10;
const NO_ACCESS = 0x0f;
const NAMES = new Map<number, Privilege>(Object.entries(PRIVILEGE).map(([name, level]) => [level, name as Privilege]));

/** The user table; ids run from 1 to {@link MOST_USERS}. */
export interface Users {
  readonly list: readonly BmcUser[];
  readonly handlers: Handlers;
  /** Who may log in over LAN under this name. */
  find(name: Uint8Array): BmcUser | undefined;
}

export function privilegeLevel(user: BmcUser): number {
  return user.privilege === "none" ? 0 : PRIVILEGE[user.privilege];
}

function bytesOf(text: string, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  new TextEncoder().encodeInto(text, bytes);
  return bytes;
}

function textOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}

/** The given users, completed with empty ones; the given objects are changed in place. */
export function createUsers(given: readonly BmcUser[]): Users {
  const list = Array.from({ length: MOST_USERS }, (_, at): BmcUser => {
    const id = at + 1;
    return given.find((user) => user.id === id) ?? { id, name: "", password: "", enabled: false, privilege: "none" };
  });
  const byId = (byte: number): BmcUser => {
    const user = list[(byte & 0x3f) - 1];
    if (user === undefined) throw new Completion(0xcc);
    return user;
  };
  return {
    list,
    find: (name) => list.find((user) => user.enabled && user.messaging !== false && textOf(name) === user.name),
    handlers: {
      ...accessHandlers(list, byId),
      ...nameHandlers(list, byId),
      setUserPassword: { privilege: ADMINISTRATOR, run: passwordHandler(byId) },
    },
  };
}

type ById = (byte: number) => BmcUser;

/** Set and Get User Access (IPMI 2.0 §22.26, §22.27). */
function accessHandlers(list: readonly BmcUser[], byId: ById): Handlers {
  return {
    setUserAccess: {
      privilege: ADMINISTRATOR,
      run(data, asker) {
        const reader = new Reader(data, "Set User Access");
        const first = reader.u8();
        channelOf(first, asker);
        const user = byId(reader.u8());
        const level = reader.u8() & 0x0f;
        const privilege = level === NO_ACCESS ? "none" : NAMES.get(level);
        if (privilege === undefined) throw new Completion(0xcc);
        user.privilege = privilege;
        if ((first & 0x80) !== 0) user.messaging = (first & 0x10) !== 0;
        return [];
      },
    },
    getUserAccess: {
      privilege: OPERATOR,
      run(data, asker) {
        const reader = new Reader(data, "Get User Access");
        channelOf(reader.u8(), asker);
        const user = byId(reader.u8());
        const enabled = list.filter((one) => one.enabled).length;
        const level = user.privilege === "none" ? NO_ACCESS : PRIVILEGE[user.privilege];
        const messaging = user.enabled && user.messaging !== false ? 0x10 : 0;
        return [MOST_USERS, (user.enabled ? 0x40 : 0x80) | enabled, 1, messaging | level];
      },
    },
  };
}

/** Set and Get User Name (IPMI 2.0 §22.28, §22.29). */
function nameHandlers(list: readonly BmcUser[], byId: ById): Handlers {
  return {
    setUserName: {
      privilege: ADMINISTRATOR,
      run(data) {
        const reader = new Reader(data, "Set User Name");
        const user = byId(reader.u8());
        const name = textOf(reader.take(16));
        const taken = name !== "" && list.some((other) => other !== user && other.name === name);
        if (user.id === 1 || taken) throw new Completion(0xcc);
        user.name = name;
        return [];
      },
    },
    getUserName: {
      privilege: OPERATOR,
      run: (data) => bytesOf(byId(new Reader(data, "Get User Name").u8()).name, 16),
    },
  };
}

/** Set User Password (IPMI 2.0 §22.30): disable, enable, set, test. */
function passwordHandler(byId: ById) {
  const sizes = new Map<BmcUser, number>();
  return (data: Uint8Array): readonly number[] => {
    const reader = new Reader(data, "Set User Password");
    const first = reader.u8();
    const user = byId(first);
    const operation = reader.u8() & 0x03;
    const size = (first & 0x80) !== 0 ? 20 : 16;
    if (operation < 2) {
      user.enabled = operation === 1;
      return [];
    }
    const password = reader.take(size);
    if (operation === 2) {
      user.password = textOf(password);
      sizes.set(user, size);
      return [];
    }
    const stored = sizes.get(user) ?? (user.password.length > 16 ? 20 : 16);
    if (stored !== size) throw new Completion(0x81);
    if (!sameBytes(password, bytesOf(user.password, size))) throw new Completion(0x80);
    return [];
  };
}
