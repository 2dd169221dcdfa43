import type { InstallPlan } from "@rackwright/contract";
import type { DhcpClients } from "./dhcp-client.ts";
import type { FleetFault } from "./faults.ts";
import type { HttpClient } from "./http-client.ts";
import type { MachinePlan } from "./plan.ts";
import type { FleetWorld } from "./world.ts";

/** What the programs on a machine find: the machine, its wire, and until when it has power. */
export interface Session {
  readonly plan: MachinePlan;
  readonly world: FleetWorld;
  readonly dhcp: DhcpClients;
  /** Aborted when the power goes. */
  readonly signal: AbortSignal;
  /** Opens HTTP connections from this address; closed with the session. */
  http(address: string): HttpClient;
  /** Leaves a system on the machine's disk, or none that would start. */
  writeDisk(system: InstallPlan | undefined): void;
  /** Whether this fault is the machine's, and its time has come. */
  strikes(fault: FleetFault): boolean;
}

/** What a program on the machine ends in. */
export type Ending = "poweroff" | "reboot";
