import type { Chassis } from "../bmc/chassis.ts";
import type { ChassisAction } from "../codec/chassis.ts";

/** A machine that is nothing but its power, and remembers what was done to it. */
export interface FakeChassis extends Chassis {
  readonly done: ChassisAction[];
}

export function createFakeChassis(powered = false): FakeChassis {
  let on = powered;
  const done: ChassisAction[] = [];
  return {
    done,
    powered: () => on,
    async control(action) {
      done.push(action);
      if (action === "on") on = true;
      if (action === "off" || action === "soft") on = false;
    },
  };
}
