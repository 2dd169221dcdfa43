import { Reader } from "../codec/bytes.ts";
import type { CipherSuiteId } from "../codec/suites.ts";
import { ADMINISTRATOR, channelOf, Completion, LAN_CHANNEL, OPERATOR } from "./dispatch.ts";
import type { Handlers } from "./dispatch.ts";

/** The BMC's own network settings; changed in place by Set LAN Configuration Parameters. */
export interface BmcLan {
  address: string;
  netmask: string;
  gateway: string;
  mac: string;
  /** Where the address comes from; "static" unless said. */
  source?: "static" | "dhcp" | "other";
}

const SOURCES = ["other", "static", "dhcp"] as const;
const PARAMETER_REVISION = 0x11;
const READ_ONLY = 0x82;
const UNSUPPORTED = 0x80;

const ip = (text: string): number[] => text.split(".").map(Number);
const ipText = (bytes: Uint8Array): string => bytes.join(".");
const mac = (text: string): number[] => text.split(":").map((byte) => Number.parseInt(byte, 16));
const macText = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(":");

/** One LAN parameter (IPMI 2.0 table 23-4): how it reads and, if it may be written, its length and effect. */
interface Parameter {
  readonly get: () => readonly number[];
  readonly length?: number;
  readonly set?: (value: Uint8Array) => void;
}

/** A parameter that only remembers what was written. */
function kept(initial: readonly number[]): Parameter {
  let value = initial;
  return {
    get: () => value,
    length: initial.length,
    set: (bytes) => {
      value = [...bytes];
    },
  };
}

function parameters(lan: BmcLan, suites: readonly CipherSuiteId[]): ReadonlyMap<number, Parameter> {
  const address = (field: "address" | "netmask" | "gateway"): Parameter => ({
    get: () => ip(lan[field]),
    length: 4,
    set: (value) => {
      lan[field] = ipText(value);
    },
  });
  const community = new Uint8Array(18);
  community.set(new TextEncoder().encode("public"));
  return new Map<number, Parameter>([
    [0, kept([0])],
    [1, { get: () => [0x00] }],
    [2, kept([0, 0, 0, 0, 0])],
    [3, address("address")],
    [
      4,
      {
        get: () => [SOURCES.indexOf(lan.source ?? "static")],
        length: 1,
        set: ([value = 0]) => {
          lan.source = SOURCES[value & 0x0f] ?? "other";
        },
      },
    ],
    [
      5,
      {
        get: () => mac(lan.mac),
        length: 6,
        set: (value) => {
          lan.mac = macText(value);
        },
      },
    ],
    [6, address("netmask")],
    [7, kept([0x40, 0x40, 0x10])],
    [10, kept([0])],
    [11, kept([4])],
    [12, address("gateway")],
    [13, kept([0, 0, 0, 0, 0, 0])],
    [14, kept([0, 0, 0, 0])],
    [15, kept([0, 0, 0, 0, 0, 0])],
    [16, kept([...community])],
    [20, kept([0, 0])],
    [21, kept([0])],
    [22, { get: () => [suites.length] }],
    [23, { get: () => [0, ...suites, ...Array.from<number>({ length: 16 - suites.length }).fill(0)] }],
    [24, kept([0, ...Array.from<number>({ length: 8 }).fill(0x44)])],
    [26, kept([0, 0, 0, 0, 0, 0])],
  ]);
}

/** Set and Get LAN Configuration Parameters (IPMI 2.0 §23.1, §23.2). */
export function lanHandlers(lan: BmcLan, suites: readonly CipherSuiteId[]): Handlers {
  const table = parameters(lan, suites);
  return {
    setLan: {
      privilege: ADMINISTRATOR,
      run(data, asker) {
        const reader = new Reader(data, "Set LAN Configuration Parameters");
        if (channelOf(reader.u8(), asker) !== LAN_CHANNEL) throw new Completion(0xcc);
        const parameter = table.get(reader.u8());
        if (parameter === undefined) throw new Completion(UNSUPPORTED);
        if (parameter.set === undefined || parameter.length === undefined) throw new Completion(READ_ONLY);
        if (reader.left !== parameter.length) throw new Completion(0xc7);
        parameter.set(reader.rest());
        return [];
      },
    },
    getLan: {
      privilege: OPERATOR,
      run(data, asker) {
        const reader = new Reader(data, "Get LAN Configuration Parameters");
        const first = reader.u8();
        if (channelOf(first, asker) !== LAN_CHANNEL) throw new Completion(0xcc);
        const parameter = table.get(reader.u8());
        reader.take(2);
        if (parameter === undefined) throw new Completion(UNSUPPORTED);
        return (first & 0x80) !== 0 ? [PARAMETER_REVISION] : [PARAMETER_REVISION, ...parameter.get()];
      },
    },
  };
}
