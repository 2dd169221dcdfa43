import { Reader } from "../codec/bytes.ts";
import { CHASSIS_ACTION } from "../codec/chassis.ts";
import type { ChassisAction } from "../codec/chassis.ts";
import type { BootOptions } from "./boot-options.ts";
import { ANYONE, Completion, OPERATOR, USER } from "./dispatch.ts";
import type { Handlers } from "./dispatch.ts";

/** The machine behind a BMC. */
export interface Chassis {
  powered(): boolean;
  /** Begins the action; resolves when it is under way. A rejection becomes completion code FF. */
  control(action: ChassisAction): Promise<void>;
}

const ACTIONS = new Map<number, ChassisAction>(
  Object.entries(CHASSIS_ACTION).map(([name, number]) => [number, name as ChassisAction]),
);
/** Actions that make no sense for a machine without power (IPMI 2.0 §28.3): D5. */
const NEED_POWER: ReadonlySet<ChassisAction> = new Set(["cycle", "reset", "diagnostic", "soft"]);

/** Chassis commands (IPMI 2.0 §28). */
export function chassisHandlers(chassis: Chassis, boot: BootOptions): Handlers {
  let restorePolicy = 0;
  return {
    chassisCapabilities: { privilege: USER, run: () => [0x00, 0x20, 0x20, 0x20, 0x20] },
    chassisStatus: { privilege: USER, run: () => [(chassis.powered() ? 1 : 0) | (restorePolicy << 5), 0x00, 0x00] },
    chassisControl: {
      privilege: OPERATOR,
      async run(data) {
        const action = ACTIONS.get(new Reader(data, "Chassis Control").u8() & 0x0f);
        if (action === undefined) throw new Completion(0xcc);
        if (!chassis.powered() && NEED_POWER.has(action)) throw new Completion(0xd5);
        boot.controlled();
        await chassis.control(action);
        return [];
      },
    },
    chassisIdentify: { privilege: OPERATOR, run: () => [] },
    setRestorePolicy: {
      privilege: OPERATOR,
      run(data) {
        const policy = new Reader(data, "Set Power Restore Policy").u8() & 0x07;
        if (policy < 3) restorePolicy = policy;
        return [0x07];
      },
    },
    restartCause: { privilege: USER, run: () => [0x00, 0x00] },
    powerOnHours: { privilege: USER, run: () => [60, 0, 0, 0, 0] },
    getAcpiPower: { privilege: ANYONE, run: () => [chassis.powered() ? 0x00 : 0x05, 0x00] },
  };
}
