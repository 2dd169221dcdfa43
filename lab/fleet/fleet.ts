import type { Libc } from "@rackwright/netdev";
import { openDhcpClients } from "./dhcp-client.ts";
import { createMachine, type FleetMachine } from "./machine.ts";
import { type FleetSettings, fleetSettings, planMachine } from "./plan.ts";
import type { FleetWorld } from "./world.ts";

export interface Fleet {
  /** Presses the power button of a machine. Throws RangeError for a number the fleet has not. */
  press(number: number, wish: "on" | "off"): void;
  /** Numbers of the machines that have power. */
  powered(): number[];
  close(): Promise<void>;
}

/** Opens all machines of the settings, switched off, in the network namespace of this process. */
export async function openFleet(
  settings: FleetSettings,
  parts: {
    readonly libc: Libc;
    /** The kernel's number of the device. */
    readonly index: number;
    readonly world: FleetWorld;
    readonly onDefect: (number: number, error: unknown) => void;
  },
): Promise<Fleet> {
  const { machines: wanted, device } = fleetSettings.parse(settings);
  const { libc, index, world } = parts;
  const dhcp = openDhcpClients(libc, { device, index }, world);
  const machines = new Map<number, FleetMachine>();
  for (const { number, fault } of wanted) {
    const onDefect = (error: unknown): void => parts.onDefect(number, error);
    machines.set(number, await createMachine(planMachine(number, fault), { world, dhcp, onDefect }));
  }
  return {
    press(number, wish) {
      const machine = machines.get(number);
      if (machine === undefined) throw new RangeError(`number: ${number}, the fleet has 1 to ${machines.size}`);
      machine[wish]();
    },
    powered: () => [...machines].filter(([, machine]) => machine.powered()).map(([number]) => number),
    async close() {
      for (const machine of machines.values()) machine.close();
      await dhcp.close();
    },
  };
}
