import { readFile, rm, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { machineFiles, type MachineState } from "../state.ts";
import { endProcess, identify, isRunning, processIdentity, type ProcessIdentity } from "../world/process-identity.ts";
import type { HostFirmware } from "../world/requirements.ts";
import type { World } from "../world/world.ts";
import type { BootOrder } from "./boot-order.ts";
import { diskDevice, networkDevice, qemuArguments } from "./qemu-arguments.ts";
import { connectQmp, type Qmp, type QmpEvent } from "./qmp.ts";

export type ControlAction = "off" | "on" | "cycle" | "reset" | "diagnostic" | "soft";

/** Where the chassis learns what to boot and tells what happened. */
export interface ChassisNeeds {
  readonly world: World;
  readonly machine: MachineState;
  readonly host: HostFirmware;
  /** Environment of QEMU. */
  readonly environment: Readonly<Record<string, string>>;
  /** The order for the next start of the firmware. */
  nextBootOrder(): BootOrder;
  /** The firmware starts now: what was wished for once is used up. */
  onBoot(): void;
  readonly log: (text: string) => void;
}

interface Running {
  readonly identity: ProcessIdentity;
  qmp?: Qmp;
  /** The order that QEMU holds ready for the next start of the firmware. */
  armed: BootOrder;
  /** Runs while the firmware has only just started. */
  settling?: NodeJS.Timeout;
}

/**
 * Milliseconds after a start within which a reset by the guest belongs to that start: SeaBIOS resets the board up to
 * four times by itself to get its memory in order. No operating system can be up and reboot within that time.
 */
const settleMilliseconds = 2000;

export interface Chassis {
  powered(): boolean;
  control(action: ControlAction): Promise<void>;
  /** Hands the wish for the next start to a running QEMU. Call it whenever the wish may have changed. */
  rearm(): void;
  /** Pulls the plug. */
  losePower(): Promise<void>;
  setLink(up: boolean): Promise<void>;
  /** Takes over a QEMU that an earlier supervisor started. */
  adopt(): Promise<void>;
  describe(): { qemu: ProcessIdentity | undefined; firmwareStarts: number; armed: BootOrder | undefined };
  /** Lets go of QEMU, which runs on. */
  release(): void;
}

/** The machine under a BMC: QEMU, which runs when the power is on. Actions follow one another, never overlap. */
export function createChassis(needs: ChassisNeeds): Chassis {
  const { world, machine, log } = needs;
  const files = machineFiles(machine.directory);
  let running: Running | undefined;
  let released = false;
  let firmwareStarts = 0;
  let linkUp = true;
  let tail: Promise<unknown> = Promise.resolve();

  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = tail.then(work);
    tail = result.catch((error: unknown) => log(String(error)));
    return result;
  };
  const gone = (one: Running, how: string): void => {
    if (running !== one) return;
    running = undefined;
    clearTimeout(one.settling);
    one.qmp?.close();
    log(`power is off: QEMU ${one.identity.pid} ${how}`);
  };
  const isCurrent = (one: Running): boolean => running === one && !released;
  const applyOrder = async (one: Running): Promise<void> => {
    const order = needs.nextBootOrder();
    if (one.qmp === undefined || one.armed[0] === order[0]) return;
    await setOrder(one.qmp, order, machine.disks.length > 0);
    one.armed = order;
  };
  const rearm = (one: Running | undefined): void => {
    if (one === undefined || one.settling !== undefined || one.armed[0] === needs.nextBootOrder()[0]) return;
    void inTurn(() => applyOrder(one)).catch(() => undefined);
  };
  // The order of this start stays in place until the firmware has settled; then comes the next one.
  const settle = (one: Running): void => {
    clearTimeout(one.settling);
    one.settling = setTimeout(() => {
      delete one.settling;
      rearm(one);
    }, settleMilliseconds);
  };
  const boot = (one: Running): void => {
    firmwareStarts += 1;
    needs.onBoot();
    settle(one);
  };
  const onEvent = (one: Running, { event, data }: QmpEvent): void => {
    if (event !== "RESET") return;
    const byGuest = data["guest"] === true;
    if (byGuest && one.settling !== undefined) return settle(one);
    log(`the firmware starts over (${byGuest ? "the guest's wish" : "reset"})`);
    boot(one);
  };
  const attach = async (one: Running): Promise<void> => {
    const closed = async (): Promise<void> => {
      while (isCurrent(one) && (await isRunning(one.identity))) await sleep(20);
      if (!released) gone(one, "has ended");
    };
    const listener = { onEvent: (event: QmpEvent) => onEvent(one, event), onClose: () => void closed() };
    for (let waited = 0; isCurrent(one); waited += 20) {
      try {
        one.qmp = await connectQmp(files.qmp, listener);
        return;
      } catch (error) {
        if (!(await isRunning(one.identity)))
          return gone(one, `has ended early (${String(error)}), see ${files.qemuLog}`);
        if (waited > 30_000)
          throw new Error(`QEMU ${one.identity.pid} opens no control socket: ${String(error)}`, { cause: error });
        await sleep(20);
      }
    }
  };
  const on = async (): Promise<void> => {
    if (running !== undefined) return;
    const order = needs.nextBootOrder();
    await Promise.all([files.qmp, files.serial].map((file) => rm(file, { force: true })));
    const argv = ["nice", "-n", "5", "qemu-system-x86_64", ...qemuArguments(machine, order, needs.host)];
    const { environment } = needs;
    const program = await world.detach(argv, { environment, cwd: machine.directory, log: files.qemuLog });
    const identity = await identify(program.pid);
    if (identity === undefined) throw new Error(`QEMU did not start, see ${files.qemuLog}`);
    await writeFile(files.qemuIdentity, JSON.stringify(identity));
    const one: Running = { identity, armed: order };
    running = one;
    log(`power is on: QEMU ${identity.pid}, ${order.join(" then ")} first`);
    boot(one);
    program.onExit((code, signal) => gone(one, `has ended with ${code ?? signal}`));
    void inTurn(async () => {
      await attach(one);
      if (!linkUp) await one.qmp?.execute("set_link", { name: networkDevice, up: false });
    }).catch(() => undefined);
  };
  const off = async (grace: "quit" | "none"): Promise<void> => {
    const one = running;
    if (one === undefined) return;
    if (grace === "quit") await one.qmp?.execute("quit").catch(() => undefined);
    await endProcess(one.identity, grace === "quit" ? 3000 : 0);
    gone(one, "was switched off");
  };
  const qmp = (): Qmp => {
    if (running?.qmp === undefined) throw new Error("the machine is off");
    return running.qmp;
  };
  const act = async (action: ControlAction): Promise<void> => {
    switch (action) {
      case "on":
        return on();
      case "off":
        return off("quit");
      case "cycle":
        if (running === undefined) throw new Error("a machine that is off cannot be power cycled");
        await off("quit");
        return on();
      case "reset":
        if (running === undefined) throw new Error("a machine that is off cannot be reset");
        await applyOrder(running);
        await qmp().execute("system_reset");
        return;
      case "soft":
        await qmp().execute("system_powerdown");
        return;
      case "diagnostic":
        await qmp().execute("inject-nmi");
    }
  };

  return {
    powered: () => running !== undefined,
    control: (action) => {
      log(`chassis control: ${action}`);
      return inTurn(() => act(action));
    },
    rearm: () => rearm(running),
    losePower: () => inTurn(() => off("none")),
    setLink: (up) =>
      inTurn(async () => {
        linkUp = up;
        await running?.qmp?.execute("set_link", { name: networkDevice, up });
      }),
    adopt: () =>
      inTurn(async () => {
        const identity = processIdentity.safeParse(await readJson(files.qemuIdentity));
        if (!identity.success || !(await isRunning(identity.data))) return;
        // Which order QEMU holds is unknown; naming the other one makes the next comparison set it.
        const one: Running = { identity: identity.data, armed: opposite(needs.nextBootOrder()) };
        running = one;
        log(`power is on: found QEMU ${identity.data.pid} running`);
        await attach(one);
        await applyOrder(one);
      }).catch(() => undefined),
    describe: () => ({ qemu: running?.identity, firmwareStarts, armed: running?.armed }),
    release: () => {
      released = true;
      clearTimeout(running?.settling);
      running?.qmp?.close();
    },
  };
}

/** QEMU refuses an index that is in use, even by the same device, so all devices step aside first. */
async function setOrder(qmp: Qmp, order: BootOrder, hasDisk: boolean): Promise<void> {
  const set = (device: string, value: number) =>
    qmp.execute("qom-set", { path: `/machine/peripheral/${device}`, property: "bootindex", value });
  await set(networkDevice, -1);
  if (hasDisk) await set(diskDevice, -1);
  if (hasDisk) await set(diskDevice, order.indexOf("disk"));
  await set(networkDevice, order.indexOf("network"));
}

function opposite(order: BootOrder): BootOrder {
  return order[0] === "network" ? ["disk", "network"] : ["network", "disk"];
}

async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, "utf8"));
  } catch {
    return undefined;
  }
}
