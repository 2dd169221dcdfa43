import { macTaken } from "@rackwright/contract";
import type { Architecture, Firmware } from "@rackwright/contract";
import { json } from "../database/pool.ts";
import type { Transaction } from "../database/pool.ts";
import { StateConflict } from "../errors.ts";
import { placeInterfaces } from "../interfaces/defaults.ts";
import type { cardColumns } from "../interfaces/facts.ts";
import { notifyRacks } from "../racks/notify.ts";
import { randomSystemId, randomText } from "./credentials.ts";
import { randomHostname, refuseDevicesHostname } from "./hostname.ts";

export type NewMachine = {
  /** Its system id, where it has one already and nobody else has; otherwise it gets a random one. */
  id?: string | undefined;
  hostname?: string | undefined;
  architecture: Architecture;
  firmware?: Firmware | null;
  uuid?: string | null;
  serial?: string | null;
  powerDriver?: "ipmi" | "manual" | null;
  powerParameters?: Record<string, string>;
  /** Network cards: a name and an address, and what else is known of them. */
  interfaces: ({ name: string; mac: string } & Partial<ReturnType<typeof cardColumns>>)[];
  now: Date;
};

/**
 * Adds a machine in status New, with a fresh system id, and a made-up hostname where none is given.
 *
 * @throws StateConflict when the hostname or a MAC address is taken
 */
export async function insertMachine(tx: Transaction, machine: NewMachine): Promise<{ id: string; hostname: string }> {
  const macs = machine.interfaces.map(({ mac }) => mac);
  const taken = await tx
    .selectFrom("interfaces")
    .leftJoin("machines", "machines.id", "interfaces.machine_id")
    .leftJoin("devices", "devices.id", "interfaces.device_id")
    .select((row) => [
      "interfaces.mac",
      "interfaces.device_id",
      row.fn.coalesce("machines.hostname", "devices.hostname").as("hostname"),
    ])
    .where("mac", "in", ["", ...macs])
    .executeTakeFirst();
  if (taken)
    throw new StateConflict(
      `MAC address ${taken.mac} belongs to ${taken.device_id === null ? "machine" : "device"} ${taken.hostname} already.`,
      macTaken,
    );
  if (machine.hostname !== undefined) await refuseDevicesHostname(tx, machine.hostname);
  for (let attempt = 0; ; attempt++) {
    const id = machine.id ?? randomSystemId();
    const made = attempt < 5 ? randomHostname() : `${randomHostname()}-${randomText(4, "0123456789abcdef")}`;
    const hostname = machine.hostname ?? made;
    const row = await tx
      .insertInto("machines")
      .values({
        id,
        hostname,
        status: "new",
        status_since: machine.now,
        architecture: machine.architecture,
        firmware: machine.firmware ?? null,
        uuid: machine.uuid ?? null,
        serial: machine.serial ?? null,
        power_driver: machine.powerDriver ?? null,
        power_parameters: json(machine.powerParameters ?? {}),
        boot_mac: macs[0] ?? null,
        created_at: machine.now,
      })
      .onConflict((conflict) => conflict.doNothing())
      .returning(["id", "hostname"])
      .executeTakeFirst();
    if (row) {
      if (machine.interfaces.length > 0)
        await tx
          .insertInto("interfaces")
          .values(machine.interfaces.map((card) => ({ machine_id: id, ...card })))
          .execute();
      await placeInterfaces(tx, id);
      await notifyRacks(tx);
      return row;
    }
    if (machine.hostname !== undefined || attempt > 50)
      throw new StateConflict(`Hostname ${hostname} is taken.`, { next: "Choose another hostname, or give none." });
  }
}
