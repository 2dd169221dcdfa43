import { identityShared, makeFailure } from "@rackwright/contract";
import type { EnlistRequest, MachineStatus } from "@rackwright/contract";
import { type Kysely, sql } from "kysely";
import type { Transaction } from "../database/pool.ts";
import type { Tables } from "../database/tables.ts";
import { appendEvent } from "../events/append.ts";

/** SMBIOS UUIDs that vendors ship by the thousand: they tell machines apart no better than none. */
const commonUuids = new Set([
  "00000000-0000-0000-0000-000000000000",
  "ffffffff-ffff-ffff-ffff-ffffffffffff",
  "03000200-0400-0500-0006-000700080009",
  "12345678-1234-5678-90ab-cddeefaabbcc",
  "00020003-0004-0005-0006-000700080009",
]);

/** A UUID that identifies a machine, in lower case; null where it cannot. */
export function usableUuid(uuid: string | null): string | null {
  const text = uuid?.trim().toLowerCase() ?? "";
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text) && !commonUuids.has(text) ? text : null;
}

/** The machine that has this network card. */
export async function findMachineByMac(
  db: Kysely<Tables>,
  mac: string,
): Promise<{ id: string; hostname: string; status: MachineStatus } | undefined> {
  return db
    .selectFrom("interfaces")
    .innerJoin("machines", "machines.id", "interfaces.machine_id")
    .select(["machines.id", "machines.hostname", "machines.status"])
    .where("interfaces.mac", "=", mac)
    .executeTakeFirst();
}

/** The machine that an enlisting one is, by card, UUID or BMC address; locked. */
export async function findKnown(tx: Transaction, { interfaces, bmc }: EnlistRequest, uuid: string | null) {
  const macs = interfaces.map(({ mac }) => mac);
  const address = bmc?.parameters["power_address"];
  const matches = await tx
    .selectFrom("machines")
    .select(["id", "hostname", "status", "uuid"])
    .select(
      sql<boolean>`exists (select from interfaces where machine_id = machines.id and mac = any(${macs}::text[]))`.as(
        "card",
      ),
    )
    .where((where) =>
      where.or([
        where.exists(
          where
            .selectFrom("interfaces")
            .select("interfaces.id")
            .whereRef("interfaces.machine_id", "=", "machines.id")
            .where("interfaces.mac", "in", macs),
        ),
        ...(uuid === null ? [] : [where("uuid", "=", uuid)]),
        ...(address === undefined ? [] : [where(sql<string>`power_parameters ->> 'power_address'`, "=", address)]),
      ]),
    )
    // The card is the surest sign.
    .orderBy("card", "desc")
    .orderBy("id")
    .forUpdate()
    .execute();
  return matches[0];
}

/**
 * A machine without any known card gave the UUID or the BMC address of another: its cards were all replaced, or these are
 * two machines of which only the first can be told apart.
 */
export async function reportTwin(
  tx: Transaction,
  known: { id: string; hostname: string; uuid: string | null },
  request: EnlistRequest,
  now: Date,
): Promise<void> {
  const macs = request.interfaces.map(({ mac }) => mac);
  const shared =
    known.uuid !== null && known.uuid === usableUuid(request.uuid)
      ? `UUID ${known.uuid}`
      : `BMC address ${request.bmc?.parameters["power_address"]}`;
  const message = `A machine with none of the network cards of ${known.hostname} has its ${shared}, and was taken for it.`;
  await appendEvent(tx, {
    type: "machine.inventory",
    level: "warning",
    at: now,
    machine_id: known.id,
    mac: macs[0] ?? null,
    actor: "machine",
    message,
    data: { macs },
    failure: makeFailure(identityShared, message, [`its network cards: ${macs.slice(0, 20).join(", ")}`]),
  });
}

/** Two machines of one UUID exist; the first keeps it. */
export async function setUuid(tx: Transaction, id: string, uuid: string): Promise<void> {
  await tx
    .updateTable("machines")
    .set({ uuid })
    .where("id", "=", id)
    .where(sql<boolean>`not exists (select from machines as other where other.uuid = ${uuid} and other.id <> ${id})`)
    .execute();
}
