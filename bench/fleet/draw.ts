import { type FleetFault, fleetFaultNames } from "@rackwright/lab";

export interface Drawn {
  readonly number: number;
  readonly fault?: FleetFault;
}

/**
 * Numbers machines from 1 on and gives so many of a hundred a fault, spread evenly over them and each kind in turn. A
 * twin comes after the machine whose identity it has, which is healthy.
 */
export function drawMachines(machines: number, faultPercent: number): Drawn[] {
  const faulty = Math.round((machines * faultPercent) / 100);
  const drawn: Drawn[] = Array.from({ length: machines }, (_, at) => ({ number: at + 1 }));
  for (let n = 0; n < faulty; n += 1) {
    // Counted from the end of each stretch, so that the first machine is healthy.
    const at = Math.ceil(((n + 1) * machines) / faulty) - 1;
    const fault = fleetFaultNames[n % fleetFaultNames.length];
    const twin = fault === "twin-uuid";
    if (fault !== undefined && !(twin && (at === 0 || drawn[at - 1]?.fault !== undefined)))
      drawn[at] = { number: at + 1, fault };
  }
  return drawn;
}
