import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/**
 * The network of a simulated fleet. Machines lie on the rack's own link; BMCs lie on a management network behind a
 * router, as in most data centres, and so that the rack's neighbour table holds one entry for all of them.
 */
export const fleetNetwork = {
  device: "eth0",
  cidr: "10.80.0.0/16",
  rack: "10.80.0.1",
  /** The fleet's own address on the link, the router towards the BMCs. */
  fleet: "10.80.0.2",
  first: "10.80.128.1",
  last: "10.80.255.254",
  /** Holds `first` to `last`: every address of it is the fleet's. */
  machines: "10.80.128.0/17",
  bmcs: "10.81.0.0/16",
} as const;

/** Machines that fit: each has a BMC of its own, and addresses of ended leases are not taken at once. */
export const mostMachines = 16_000;

/** Address of the BMC of a machine, by its number from 1 on. */
export function bmcAddress(number: number): string {
  return `10.81.${(number >> 8) + 1}.${number & 255}`;
}

export interface FleetWire extends AsyncDisposable {
  /** Namespace of the rack; it serves on `fleetNetwork.device`. */
  readonly rack: string;
  readonly fleet: string;
}

/**
 * Two namespaces joined by a pair of devices: one for a rack, one for the fleet. The fleet's addresses are local routes
 * instead of thousands of addresses on the device: the kernel answers ARP for them and lets programs bind to them.
 * @param prefix begins with `rw-` and is unique on the host
 */
export async function makeFleetWire(prefix: string): Promise<FleetWire> {
  const { device, rack, fleet, machines, bmcs } = fleetNetwork;
  const names = { rack: `${prefix}-rack`, fleet: `${prefix}-fleet` };
  const ip = (...args: string[]): Promise<unknown> => run("ip", args);
  const remove = async (): Promise<void> => {
    // The pair of devices goes with the first of the two; the other namespace may lack it already.
    await ip("-n", names.rack, "link", "delete", device).catch(() => undefined);
    for (const name of [names.fleet, names.rack]) await ip("netns", "delete", name).catch(() => undefined);
  };
  try {
    await ip("netns", "add", names.rack);
    await ip("netns", "add", names.fleet);
    await ip("-n", names.rack, "link", "add", device, "type", "veth", "peer", "name", device, "netns", names.fleet);
    for (const [name, address] of [
      [names.rack, rack],
      [names.fleet, fleet],
    ] as const) {
      await ip("-n", name, "address", "add", `${address}/16`, "brd", "+", "dev", device);
      await ip("-n", name, "link", "set", "lo", "up");
      await ip("-n", name, "link", "set", device, "up");
    }
    for (const block of [machines, bmcs]) await ip("-n", names.fleet, "route", "add", "local", block, "dev", "lo");
    await ip("-n", names.rack, "route", "add", bmcs, "via", fleet);
  } catch (error) {
    await remove();
    throw error;
  }
  return { ...names, [Symbol.asyncDispose]: remove };
}
