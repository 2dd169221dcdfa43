import type { InstallPlan } from "@rackwright/contract";
import { openBmc } from "./bmc.ts";
import type { DhcpClients } from "./dhcp-client.ts";
import { runEphemeral } from "./ephemeral.ts";
import { type FaultDescription, type FleetFault, fleetFaults } from "./faults.ts";
import { bootOverNetwork } from "./firmware.ts";
import { type HttpClient, openHttpClient } from "./http-client.ts";
import { runInstalled } from "./installed.ts";
import type { MachinePlan } from "./plan.ts";
import type { Ending, Session } from "./session.ts";
import { type FleetWorld, standStill } from "./world.ts";

export interface MachineNeeds {
  readonly world: FleetWorld;
  readonly dhcp: DhcpClients;
  /** Told of an error that no fault of the machine explains. */
  readonly onDefect: (error: unknown) => void;
}

/** A machine that is packets on the wire and nothing else. */
export interface FleetMachine {
  /** Somebody presses the power button. */
  on(): void;
  off(): void;
  powered(): boolean;
  close(): void;
}

/** Parts of a life in their order: a fault strikes from its own part on. */
const parts: readonly FaultDescription["strikes"][] = ["enlist", "commission", "deploy", "install", "boot", "release"];
const restartMilliseconds = 200;

/** Makes a machine, switched off, with its BMC. */
export async function createMachine(plan: MachinePlan, needs: MachineNeeds): Promise<FleetMachine> {
  const { world, dhcp, onDefect } = needs;
  // What outlives the power.
  const kept: { part: FaultDescription["strikes"]; disk: InstallPlan | undefined } = {
    part: "enlist",
    disk: undefined,
  };
  const power: { running: AbortController | undefined } = { running: undefined };
  const strikes = (fault: FleetFault): boolean =>
    plan.fault === fault && parts.indexOf(kept.part) >= parts.indexOf(fleetFaults[fault].strikes);

  const bootOnce = async (signal: AbortSignal): Promise<Ending> => {
    const open: HttpClient[] = [];
    const session: Session = {
      plan,
      world,
      dhcp,
      signal,
      strikes,
      writeDisk: (system) => void (kept.disk = system),
      http: (address) => {
        const client = openHttpClient(address, signal);
        open.push(client);
        return client;
      },
    };
    try {
      const order = await bootOverNetwork(session);
      if (order.kind === "poweroff") return "poweroff";
      if (order.kind === "wait") return "reboot";
      if (order.kind === "disk") {
        if (kept.disk === undefined) return await standStill(signal);
        // Whoever is sent to the disk is past the installation.
        enter("boot");
        return await runInstalled(session, kept.disk);
      }
      enter(kept.part === "enlist" ? "commission" : kept.part === "deploy" ? "install" : kept.part);
      const { next, installed } = await runEphemeral(session, order);
      if (installed !== undefined) {
        enter("boot");
        if (strikes("never-reboots")) return await standStill(signal);
      } else if (kept.part === "commission") enter("deploy");
      return next;
    } finally {
      for (const client of open) client.close();
    }
  };

  const live = async (controller: AbortController): Promise<void> => {
    const { signal } = controller;
    while (!signal.aborted) {
      try {
        if ((await bootOnce(signal)) === "poweroff") return machine.off();
      } catch (error) {
        if (signal.aborted) return;
        onDefect(error);
      }
      await world.sleep(restartMilliseconds, signal).catch(() => undefined);
    }
  };

  const machine = {
    powered: () => power.running !== undefined,
    on() {
      if (power.running !== undefined) return;
      power.running = new AbortController();
      void live(power.running);
    },
    off() {
      power.running?.abort();
      power.running = undefined;
    },
  };
  const bmc = await openBmc(plan, machine, world);

  /** The machine's life goes on to this part; its BMC breaks where that is its fault. */
  const enter = (part: FaultDescription["strikes"]): void => {
    if (parts.indexOf(part) <= parts.indexOf(kept.part)) return;
    kept.part = part;
    if (strikes("bmc-dead")) bmc.die();
    if (strikes("bmc-password")) bmc.changePassword();
    if (strikes("bmc-stays-off")) bmc.ignoreControl(false);
    if (strikes("bmc-claims-on")) bmc.ignoreControl(true);
    if (plan.fault === "bmc-stays-on" && part === "boot") bmc.ignoreControl(false);
  };
  return {
    on: () => machine.on(),
    off: () => machine.off(),
    powered: () => machine.powered(),
    close() {
      machine.off();
      bmc.close();
    },
  };
}
