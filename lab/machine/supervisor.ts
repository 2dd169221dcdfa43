import { createVmLink } from "@rackwright/ipmi";
import { createSocket } from "node:dgram";
import { rename, rm, writeFile } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { messageOf } from "../errors.ts";
import { announceNoRouter } from "../network/announcer.ts";
import { machineFiles, type MachineState } from "../state.ts";
import { identify, type ProcessIdentity } from "../world/process-identity.ts";
import type { HostFirmware } from "../world/requirements.ts";
import type { World } from "../world/world.ts";
import { createLabBmc, type LabBmc } from "./bmc.ts";
import { bootOrderFor, type BootOrder } from "./boot-order.ts";
import { createChassis, type Chassis } from "./chassis.ts";
import { boundLog, consoleLimit } from "./console-log.ts";
import { serveControl, type MachineStatus } from "./control.ts";
import { noFaults, type Faults } from "./faults.ts";

export interface SupervisorParts {
  readonly world: World;
  readonly machine: MachineState;
  readonly host: HostFirmware;
  readonly environment: Readonly<Record<string, string>>;
  readonly log: (text: string) => void;
}

/**
 * Runs a machine's BMC: IPMI over LAN at the BMC's address, the guest's own way to it, and the chassis, which is QEMU.
 * QEMU outlives the supervisor, and the next one takes it over, as a server runs on while its BMC restarts.
 * Answers a function that closes all sockets.
 */
export async function startSupervisor(parts: SupervisorParts): Promise<() => void> {
  const { world, machine, log } = parts;
  const files = machineFiles(machine.directory);
  const identity = await identify(process.pid);
  if (identity === undefined) throw new Error("this process is not to be found in /proc");
  await writeFile(files.supervisorIdentity, JSON.stringify(identity));

  let faults: Faults = noFaults;
  // The chassis asks the BMC what to boot and the BMC asks the chassis for power: one of them comes first.
  let labBmc: LabBmc | undefined;
  const nextBootOrder = (): BootOrder => {
    const wish = labBmc?.bmc.bootDevice();
    return bootOrderFor(wish?.valid === true ? wish.device : "none");
  };
  const announcer = await announceNoRouter(world, machine.tap);
  const chassis = createChassis({
    ...parts,
    nextBootOrder,
    onBoot: () => {
      labBmc?.bmc.consumeBootDevice();
      announcer.start();
    },
  });
  labBmc = await createLabBmc(machine, world, chassis, () => faults);
  const told = (bmc: LabBmc) => () => {
    chassis.rearm();
    void bmc.save().catch((error: unknown) => log(`the BMC cannot remember: ${messageOf(error)}`));
  };
  const afterwards = told(labBmc);
  await chassis.adopt();

  const lan = await serveLan(parts, labBmc, () => faults, afterwards);
  const guest = serveGuest(labBmc, afterwards);
  await listen(guest.server, files.vm);
  const status = (): MachineStatus => describe(identity, chassis, nextBootOrder(), guest.linked(), faults);
  const control = serveControl(async (request) => {
    if (request.do === "power") await chassis.control(request.action);
    else if (request.do === "link") await chassis.setLink(request.up);
    else if (request.do === "lose-power") await chassis.losePower();
    else if (request.do === "faults") {
      faults = request.faults;
      labBmc.misplacePassword(faults.password);
    }
    if (request.do !== "status") log(`asked for: ${JSON.stringify({ ...request, ...redact(request) })}`);
    return status();
  });
  const watch = setInterval(() => {
    void boundLog(files.console, files.earlierConsole, consoleLimit).catch((error: unknown) => log(messageOf(error)));
  }, 2000);
  // Last, because whoever starts a supervisor takes this socket for the sign that all is ready.
  await listen(control, files.control);
  log(`the BMC answers at ${machine.bmc.address} port ${machine.bmc.port}`);
  return () => {
    clearInterval(watch);
    announcer.stop();
    lan.close();
    guest.close();
    control.close();
    chassis.release();
  };
}

function describe(
  supervisor: ProcessIdentity,
  chassis: Chassis,
  nextBootOrder: BootOrder,
  bmcLinked: boolean,
  faults: Faults,
): MachineStatus {
  const { qemu, firmwareStarts, armed } = chassis.describe();
  return {
    supervisor,
    power: chassis.powered() ? "on" : "off",
    ...(qemu === undefined ? {} : { qemu }),
    firmwareStarts,
    nextBootOrder: [...nextBootOrder],
    bootOrderArmed: armed === undefined || armed[0] === nextBootOrder[0],
    bmcLinked,
    faults,
  };
}

/** The IPMI port of the BMC. */
async function serveLan(
  { machine, world, log }: SupervisorParts,
  { bmc }: LabBmc,
  faults: () => Faults,
  afterwards: () => void,
): Promise<{ close(): void }> {
  const socket = createSocket("udp4");
  socket.on("message", (datagram, peer) => {
    const { silent, lossPercent, delayMilliseconds } = faults();
    const [chance = 0] = world.random(1);
    if (silent || (chance / 256) * 100 < lossPercent) return;
    const reply = (bytes: Uint8Array): void => {
      const send = (): void => socket.send(bytes, peer.port, peer.address, () => undefined);
      if (delayMilliseconds === 0) send();
      else setTimeout(send, delayMilliseconds).unref();
    };
    void bmc.handle(datagram, reply).then(afterwards);
  });
  await new Promise<void>((resolve, reject) => {
    socket.once("error", reject);
    socket.bind(machine.bmc.port, machine.bmc.address, resolve);
  });
  socket.on("error", (error) => log(`the IPMI port: ${error.message}`));
  return { close: () => socket.close() };
}

/** The guest's way to the BMC: QEMU connects here. */
function serveGuest({ bmc }: LabBmc, afterwards: () => void) {
  let current: Socket | undefined;
  const server = createServer((socket) => {
    // QEMU connects anew after it lost us; the old connection is a dead one.
    current?.destroy();
    current = socket;
    const message: LabBmc["bmc"]["message"] = async (request) => {
      const answer = await bmc.message(request);
      afterwards();
      return answer;
    };
    const link = createVmLink({ bmc: { message }, write: (bytes) => void socket.write(bytes) });
    socket.on("data", (bytes) => link.receive(bytes));
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      if (current === socket) current = undefined;
    });
  });
  return {
    server,
    linked: () => current !== undefined,
    close: () => {
      current?.destroy();
      server.close();
    },
  };
}

/** Listens on a Unix socket in place of one that a killed predecessor left. */
async function listen(server: Server, path: string): Promise<void> {
  const draft = `${path}.new`;
  await rm(draft, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(draft, resolve);
  });
  await rename(draft, path);
}

function redact(request: { do: string }): { faults?: string } {
  return request.do === "faults" ? { faults: "set" } : {};
}
