import { createBmc, type Bmc, type BmcLan, type BmcUser, type Chassis as BmcChassis } from "@rackwright/ipmi";
import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { MachineState } from "../state.ts";
import type { World } from "../world/world.ts";
import type { Chassis } from "./chassis.ts";
import type { Faults } from "./faults.ts";

const privilege = z.enum(["callback", "user", "operator", "administrator", "none"]);
const memory = z.object({
  users: z.array(
    z.object({
      id: z.int(),
      name: z.string(),
      password: z.string(),
      enabled: z.boolean(),
      privilege,
      messaging: z.boolean().optional(),
    }),
  ),
  lan: z.object({
    address: z.string(),
    netmask: z.string(),
    gateway: z.string(),
    mac: z.string(),
    source: z.enum(["static", "dhcp", "other"]).optional(),
  }),
});

export interface LabBmc {
  readonly bmc: Bmc;
  /** Writes down what the BMC has been told to remember, if that changed. */
  save(): Promise<void>;
  /** Swaps the password of the lab's user; undefined brings the right one back. */
  misplacePassword(password: string | undefined): void;
}

/** The BMC of a machine. Users and LAN settings survive its restart, as in the flash memory of a real one. */
export async function createLabBmc(
  machine: MachineState,
  world: World,
  chassis: Chassis,
  faults: () => Faults,
): Promise<LabBmc> {
  const file = join(machine.directory, "bmc.json");
  const remembered = await recall(file);
  const lan: BmcLan = remembered?.lan ?? {
    address: machine.bmc.address,
    netmask: machine.bmc.netmask,
    gateway: "0.0.0.0",
    mac: machine.bmc.mac,
  };
  const users: BmcUser[] = remembered?.users ?? [
    { id: 1, name: "", password: "", enabled: false, privilege: "none" },
    { id: 2, name: machine.bmc.user, password: machine.bmc.password, enabled: true, privilege: "administrator" },
  ];
  const bmc = createBmc({
    chassis: faultyChassis(chassis, faults),
    users,
    guid: guidOf(machine.uuid),
    lan,
    random: (count) => world.random(count),
    now: () => world.now().getTime(),
  });
  const owner = bmc.users[1];
  let right: string | undefined;
  const snapshot = (): string =>
    JSON.stringify({
      users: bmc.users.map((user) => (user === owner && right !== undefined ? { ...user, password: right } : user)),
      lan,
    });
  let saved = snapshot();
  return {
    bmc,
    save: async () => {
      const current = snapshot();
      if (current === saved) return;
      saved = current;
      await writeFile(`${file}.draft`, current, { mode: 0o600 });
      await rename(`${file}.draft`, file);
    },
    misplacePassword: (password) => {
      if (owner === undefined) return;
      if (right !== undefined) owner.password = right;
      right = password === undefined ? undefined : owner.password;
      if (password !== undefined) owner.password = password;
    },
  };
}

/** The chassis as a BMC with faults shows and treats it. */
function faultyChassis(chassis: Chassis, faults: () => Faults): BmcChassis {
  return {
    powered: () => {
      const { claimsPower } = faults();
      return claimsPower === undefined ? chassis.powered() : claimsPower === "on";
    },
    control: async (action) => {
      const { ignoresControl, refusesControl } = faults();
      if (refusesControl) throw new Error("the BMC is set to refuse power actions");
      if (!ignoresControl) await chassis.control(action);
    },
  };
}

/** IPMI 2.0 20.8: the least significant byte of the UUID travels first. */
function guidOf(uuid: string): Uint8Array {
  return Uint8Array.from(Buffer.from(uuid.replaceAll("-", ""), "hex").toReversed());
}

async function recall(file: string): Promise<z.output<typeof memory> | undefined> {
  const text = await readFile(file, "utf8").catch(() => undefined);
  return text === undefined ? undefined : memory.parse(JSON.parse(text));
}
