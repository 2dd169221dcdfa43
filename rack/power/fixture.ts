import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createBmc, createIpmiClient } from "@rackwright/ipmi";
import type { BmcParts, ChassisAction } from "@rackwright/ipmi";
import { createIpmiDriver } from "./ipmi.ts";
import { createManualDriver } from "./manual.ts";
import { createPowerService } from "./service.ts";
import { openBmcSockets, resolveBmc, systemTimers } from "./socket.ts";

const PASSWORD = "a secret password";

/** Something that listens on a UDP port of the loopback and answers as it is told. */
export async function listen(answer: (datagram: Uint8Array, reply: (datagram: Uint8Array) => void) => void) {
  const socket = createSocket("udp4");
  socket.on("message", (datagram, from) => answer(datagram, (reply) => socket.send(reply, from.port, from.address)));
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return { port: String(socket.address().port), stop: (): void => void socket.close() };
}

/** A machine whose power behaves: `obeys` says which actions have an effect. */
export function createMachine({
  powered = false,
  obeys = () => true,
}: { powered?: boolean; obeys?: (action: ChassisAction) => boolean } = {}) {
  let on = powered;
  const done: ChassisAction[] = [];
  return {
    done,
    powered: (): boolean => on,
    control: async (action: ChassisAction): Promise<void> => {
      done.push(action);
      if (!obeys(action)) return;
      if (action === "on") on = true;
      if (action === "off" || action === "soft") on = false;
    },
  };
}

/** A BMC of ours on a loopback port, and the power parameters that reach it. */
export async function serveMachine(
  machine: BmcParts["chassis"],
  more: Partial<BmcParts> = {},
  drop: (nth: number) => boolean = () => false,
) {
  const bmc = createBmc({
    chassis: machine,
    guid: randomBytes(16),
    lan: { address: "127.0.0.1", netmask: "255.0.0.0", gateway: "127.0.0.1", mac: "52:54:00:00:00:01" },
    random: (count) => randomBytes(count),
    now: () => Date.now(),
    users: [{ id: 2, name: "maas", password: PASSWORD, enabled: true, privilege: "operator" }],
    ...more,
  });
  let nth = 0;
  const sessions = { opened: 0 };
  const { port, stop } = await listen((datagram, reply) => {
    if (datagram[5] === 0x10) sessions.opened += 1;
    if (!drop((nth += 1))) void bmc.handle(datagram, reply);
  });
  const parameters = { power_address: "127.0.0.1", power_port: port, power_user: "maas", power_pass: PASSWORD };
  return { bmc, parameters, sessions, stop };
}

/** The service on real sockets with short waits; `deadline` in milliseconds for a session. */
export async function serveQuickly(deadline = 10_000) {
  const errors: Error[] = [];
  const sockets = await openBmcSockets({ onError: (error) => errors.push(error) });
  const timers = systemTimers();
  const client = createIpmiClient({ transport: sockets.transport, timers, random: (count) => randomBytes(count) });
  const waits = [5, 10, 15, 20];
  const ipmi = createIpmiDriver({
    client,
    resolve: resolveBmc,
    waits,
    queryDeadline: deadline,
    actionDeadline: deadline,
  });
  const service = createPowerService({ drivers: { ipmi, manual: createManualDriver() }, timers, gap: 0 });
  return { service, ports: sockets.ports, errors, stop: () => sockets.close() };
}
