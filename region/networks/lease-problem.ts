import { addressesExhausted, makeFailure } from "@rackwright/contract";
import { sql } from "kysely";
import type { Transaction } from "../database/pool.ts";
import { appendEvent } from "../events/append.ts";
import type { LeaseSubnet } from "./lease-rows.ts";

/** Says that a subnet has no free address left, once a minute while it lasts. */
export async function reportExhausted(tx: Transaction, subnets: readonly LeaseSubnet[], now: Date): Promise<void> {
  if (subnets.length === 0) return;
  const since = new Date(now.getTime() - 60_000);
  const { rows } = await sql<{ id: number }>`
    select (data->>'subnet_id')::bigint as id from events
    where type = 'network.problem' and at > ${since} and failure->>'code' = ${addressesExhausted.code}`.execute(tx);
  const told = new Set(rows.map((row) => row.id));
  for (const { id, cidr } of subnets) {
    if (told.has(id)) continue;
    const message = `Subnet ${cidr} has no free address left: new machines get no answer to their DHCP requests.`;
    await appendEvent(tx, {
      type: "network.problem",
      level: "error",
      actor: "region",
      message,
      data: { subnet_id: id, cidr },
      failure: makeFailure(
        addressesExhausted,
        message,
        [],
        `Give ${cidr} a further or larger dynamic range (PATCH /api/v1/subnets/${id}), or delete machines that are gone.`,
      ),
    });
  }
}
