import { Reader } from "../codec/bytes.ts";
import { BOOT_PARAMETER, decodeBootFlags, KEEP_WITHOUT_CONTROL } from "../codec/boot-flags.ts";
import type { BootFlags } from "../codec/boot-flags.ts";
import { Completion, OPERATOR } from "./dispatch.ts";
import type { Handlers } from "./dispatch.ts";

/** Milliseconds a one-time choice lives when no power action follows (IPMI 2.0 §28.13, parameter 3). */
const LIFE_WITHOUT_CONTROL = 60_000;
const LENGTHS: Readonly<Record<number, number>> = {
  [BOOT_PARAMETER.setInProgress]: 1,
  [BOOT_PARAMETER.validClearing]: 1,
  [BOOT_PARAMETER.acknowledge]: 2,
  [BOOT_PARAMETER.flags]: 5,
};

/** The boot options the BMC keeps for the firmware. */
export interface BootOptions {
  readonly handlers: Handlers;
  read(): BootFlags;
  /** What the firmware boots now; a one-time choice is used up by this. */
  consume(): BootFlags;
  /** A power action happened: the choice stays until it is used. */
  controlled(): void;
}

export function createBootOptions(now: () => number): BootOptions {
  const values = new Map<number, Uint8Array>(
    Object.entries(LENGTHS).map(([at, length]) => [Number(at), new Uint8Array(length)]),
  );
  let setAt = 0;
  let armed = false;

  const flags = (): Uint8Array => {
    const bytes = values.get(BOOT_PARAMETER.flags) ?? new Uint8Array(5);
    const [first = 0] = bytes;
    const [clearing = 0] = values.get(BOOT_PARAMETER.validClearing) ?? [];
    const oneTime = (first & 0xc0) === 0x80;
    if (oneTime && !armed && (clearing & KEEP_WITHOUT_CONTROL) === 0 && now() - setAt > LIFE_WITHOUT_CONTROL) {
      bytes[0] = first & 0x7f;
    }
    return bytes;
  };

  const set = (data: Uint8Array): readonly number[] => {
    const reader = new Reader(data, "Set System Boot Options");
    const parameter = reader.u8() & 0x7f;
    const length = LENGTHS[parameter];
    if (length === undefined) throw new Completion(0x80);
    // The parameter byte alone only marks the parameter valid or not.
    if (reader.left === 0) return [];
    if (reader.left !== length) throw new Completion(0xc7);
    values.set(parameter, Uint8Array.from(reader.rest()));
    if (parameter === BOOT_PARAMETER.flags) {
      setAt = now();
      armed = false;
    }
    return [];
  };

  const get = (data: Uint8Array): readonly number[] => {
    const reader = new Reader(data, "Get System Boot Options");
    const parameter = reader.u8() & 0x7f;
    reader.take(2);
    const value = parameter === BOOT_PARAMETER.flags ? flags() : values.get(parameter);
    if (value === undefined) throw new Completion(0x80);
    return [0x01, parameter, ...value];
  };

  const read = (): BootFlags => decodeBootFlags(flags());
  return {
    handlers: { setBootOptions: { privilege: OPERATOR, run: set }, getBootOptions: { privilege: OPERATOR, run: get } },
    read,
    consume() {
      const chosen = read();
      if (chosen.valid && !chosen.persistent) values.set(BOOT_PARAMETER.flags, new Uint8Array(5));
      return chosen;
    },
    controlled() {
      // Reading first lets a choice that is too old end before it could be kept.
      flags();
      armed = true;
    },
  };
}
