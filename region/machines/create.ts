import { macTaken } from "@rackwright/contract";
import type { Architecture, Firmware } from "@rackwright/contract";
import { json } from "../database/pool.ts";
import type { Transaction } from "../database/pool.ts";
import { StateConflict } from "../errors.ts";
import { notifyRacks } from "../racks/notify.ts";
import { randomSystemId, randomText } from "./credentials.ts";
import { randomHostname } from "./hostname.ts";

export type NewMachine = {
  hostname?: string | undefined;
  architecture: Architecture;
  firmware?: Firmware | null;
  uuid?: string | null;
  serial?: string | null;
  powerDriver?: "ipmi" | "manual" | null;
  powerParameters?: Record<string, string>;
  interfaces: { name: string; mac: string; details?: Record<string, unknown> }[];
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
    .innerJoin("machines", "machines.id", "interfaces.machine_id")
    .select(["interfaces.mac", "machines.hostname"])
    .where("mac", "in", macs)
    .executeTakeFirst();
  if (taken)
    throw new StateConflict(`MAC address ${taken.mac} belongs to machine ${taken.hostname} already.`, macTaken);
  for (let attempt = 0; ; attempt++) {
    const id = randomSystemId();
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
      await tx
        .insertInto("interfaces")
        .values(
          machine.interfaces.map(({ name, mac, details }) => ({
            machine_id: id,
            name,
            mac,
            details: json(details ?? {}),
          })),
        )
        .execute();
      await notifyRacks(tx);
      return row;
    }
    if (machine.hostname !== undefined || attempt > 50)
      throw new StateConflict(`Hostname ${hostname} is taken.`, { next: "Choose another hostname, or give none." });
  }
}
