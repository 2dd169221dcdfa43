import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createBmc, type BmcUser, type Chassis } from "@rackwright/ipmi";
import type { MachinePlan } from "./plan.ts";
import type { FleetWorld } from "./world.ts";

/** The machine as its BMC sees it. */
export interface BmcMachine {
  powered(): boolean;
  on(): void;
  off(): void;
}

export interface FleetBmc {
  /** Drops every datagram from now on. */
  die(): void;
  /** Takes power actions and does nothing from now on; `claims`: and says that it did. */
  ignoreControl(claims: boolean): void;
  /** Has another password from now on. */
  changePassword(): void;
  close(): void;
}

const port = 623;

/** A machine's BMC: IPMI 2.0 over UDP at an address of its own. */
export async function openBmc(plan: MachinePlan, machine: BmcMachine, world: FleetWorld): Promise<FleetBmc> {
  const state: { dead: boolean; ignores: "no" | "silently" | "claiming"; claimed: boolean } = {
    dead: false,
    ignores: "no",
    claimed: false,
  };
  const { address, user: name, password } = plan.bmc;
  const user: BmcUser = { id: 2, name, password, enabled: true, privilege: "administrator" };
  const chassis: Chassis = {
    powered: () => (state.ignores === "claiming" ? state.claimed : machine.powered()),
    control: (action) => {
      state.claimed = action !== "off" && action !== "soft";
      if (state.ignores !== "no" || action === "diagnostic") return Promise.resolve();
      if (action !== "on") machine.off();
      if (action === "on" || action === "cycle" || action === "reset") machine.on();
      return Promise.resolve();
    },
  };
  const bmc = createBmc({
    chassis,
    users: [user],
    // IPMI 2.0 20.8: the least significant byte of the UUID travels first.
    guid: Uint8Array.from(Buffer.from(plan.bootUuid.replaceAll("-", ""), "hex").toReversed()),
    lan: { address, netmask: "255.255.0.0", gateway: "0.0.0.0", mac: plan.mac.replace(/^02/, "06") },
    random: (count) => world.random(count),
    now: () => world.now(),
  });
  const socket = createSocket("udp4");
  socket.on("error", () => undefined);
  socket.on("message", (datagram, from) => {
    if (state.dead) return;
    void bmc.handle(datagram, (reply) => socket.send(reply, from.port, from.address));
  });
  socket.bind({ address, port, exclusive: true });
  await once(socket, "listening");
  return {
    die: () => void (state.dead = true),
    ignoreControl: (claims) => {
      state.ignores = claims ? "claiming" : "silently";
    },
    changePassword: () => void (user.password = `${password}x`),
    close: () => socket.close(),
  };
}
