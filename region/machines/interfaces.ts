import type { NetworkInterface } from "@rackwright/contract";
import { sql } from "kysely";
import { json } from "../database/pool.ts";
import type { Transaction } from "../database/pool.ts";
import { appendEvents } from "../events/append.ts";
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
    .innerJoin("machines", "machines.id", "interfaces.machine_id")
    .select(["interfaces.mac", "machines.hostname"])
    .where("mac", "in", macs)
    .where("machine_id", "<>", machineId)
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
      .where(sql<boolean>`mac <> all(${macs}::text[])`)
      .execute();
  const rows = cards
    .filter(({ mac }) => !taken.has(mac))
    .map(({ name, mac, ...details }) => ({ machine_id: machineId, name, mac, details: json(details) }));
  if (rows.length === 0) return;
  await tx
    .insertInto("interfaces")
    .values(rows)
    .onConflict((conflict) =>
      conflict
        .column("mac")
        .doUpdateSet((row) => ({ name: row.ref("excluded.name"), details: row.ref("excluded.details") }))
        .whereRef("interfaces.machine_id", "=", "excluded.machine_id"),
    )
    .execute();
  await notifyRacks(tx);
}
