import type { NetworkInterface } from "@rackwright/contract";
import { sql } from "kysely";
import type { Transaction } from "../database/pool.ts";
import { appendEvents } from "../events/append.ts";
import { placeInterfaces } from "../interfaces/defaults.ts";
import { cardColumns } from "../interfaces/facts.ts";
import { notifyRacks } from "../racks/notify.ts";

/** Events of one report: a machine could name the cards of all others. */
const mostTold = 20;

/**
 * Stores the network cards a machine reported. `replace` drops cards that are no longer there. A MAC address that
 * belongs to another machine stays there, with a warning in the events.
 */
export async function saveInterfaces(
  tx: Transaction,
  machineId: string,
  interfaces: readonly NetworkInterface[],
  others: "keep" | "replace",
): Promise<void> {
  const cards = [...new Map(interfaces.map((card) => [card.mac, card])).values()];
  const macs = cards.map(({ mac }) => mac);
  const foreign = await tx
    .selectFrom("interfaces")
    .leftJoin("machines", "machines.id", "interfaces.machine_id")
    .leftJoin("devices", "devices.id", "interfaces.device_id")
    .select((row) => ["interfaces.mac", row.fn.coalesce("machines.hostname", "devices.hostname").as("hostname")])
    .where("mac", "in", macs)
    .where(sql<boolean>`machine_id is distinct from ${machineId}`)
    .execute();
  const taken = new Set(foreign.map(({ mac }) => mac));
  await appendEvents(
    tx,
    foreign.slice(0, mostTold).map(({ mac, hostname }) => ({
      type: "network.problem",
      level: "warning",
      machine_id: machineId,
      mac,
      actor: "machine",
      message: `MAC address ${mac} was reported by two machines; it stays with ${hostname}`,
      data: { alike: foreign.length },
    })),
  );
  if (others === "replace")
    await tx
      .deleteFrom("interfaces")
      .where("machine_id", "=", machineId)
      .where("type", "=", "physical")
      .where(sql<boolean>`mac <> all(${macs}::text[])`)
      .execute();
  if (others === "replace") await removeOrphans(tx, machineId);
  const rows = cards
    .filter(({ mac }) => !taken.has(mac))
    .map((card) => ({ machine_id: machineId, ...cardColumns(card) }));
  if (rows.length === 0) return;
  await tx
    .insertInto("interfaces")
    .values(rows)
    .onConflict((conflict) =>
      conflict
        .column("mac")
        .doUpdateSet((row) => ({
          // A name somebody gave it stays.
          name: sql<string>`case when interfaces.name = coalesce(interfaces.details ->> 'kernel_name', interfaces.name)
            then excluded.name else interfaces.name end`,
          details: row.ref("excluded.details"),
          vendor: row.ref("excluded.vendor"),
          product: row.ref("excluded.product"),
          firmware_version: row.ref("excluded.firmware_version"),
          link_connected: row.ref("excluded.link_connected"),
          interface_speed: row.ref("excluded.interface_speed"),
          link_speed: row.ref("excluded.link_speed"),
          numa_node: row.ref("excluded.numa_node"),
          sriov_max_vf: row.ref("excluded.sriov_max_vf"),
          seen: row.ref("excluded.seen"),
        }))
        .whereRef("interfaces.machine_id", "=", "excluded.machine_id")
        .where("interfaces.type", "=", "physical"),
    )
    .execute();
  await placeInterfaces(tx, machineId);
  await notifyRacks(tx);
}

/** Bonds, bridges and VLANs all of whose members are gone, and what was made of these. */
async function removeOrphans(tx: Transaction, machineId: string): Promise<void> {
  for (;;) {
    const { rows } = await sql`
      delete from interfaces where machine_id = ${machineId} and type <> 'physical'
        and not exists (select from interface_parents where interface_id = interfaces.id) returning id`.execute(tx);
    if (rows.length === 0) return;
  }
}
