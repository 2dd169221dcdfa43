import { sql, type Updateable } from "kysely";
import type { Database, Transaction } from "../database/pool.ts";
import { json } from "../database/pool.ts";
import type { MachinesTable } from "../database/tables/machines.ts";
import { InputError, StateConflict } from "../errors.ts";
import { appendAudit } from "../events/audit.ts";
import { notifyRacks } from "../racks/notify.ts";
import { setPlace } from "../zones/index.ts";
import { requireOperator } from "../users/access.ts";
import { requireOperatorOf } from "../users/pool-rights.ts";
import type { By } from "./ask.ts";
import { lockMachine } from "./fire.ts";
import { refuseDevicesHostname } from "./hostname.ts";

export type MachineChange = {
  hostname?: string | undefined;
  /** null: it can be switched by nobody and nothing. */
  power_driver?: "ipmi" | "manual" | null | undefined;
  power_parameters?: Record<string, string> | undefined;
  zone?: string | undefined;
  pool?: string | undefined;
  /** Name or number. */
  domain?: string | undefined;
} & { [K in keyof PlainFields]?: PlainFields[K] | undefined };

/** What is kept as it is given. */
type PlainFields = Pick<
  Updateable<MachinesTable>,
  | "description"
  | "architecture"
  | "min_hwe_kernel"
  | "hwe_kernel"
  | "swap_size"
  | "enable_hw_sync"
  | "enable_kernel_crash_dump"
  | "is_dpu"
  | "stated_cpu_count"
  | "stated_memory"
>;

/**
 * Changes name, power parameters, zone or pool. Parameters given replace all former ones.
 *
 * @throws StateConflict when the hostname is taken, InputError for a zone or pool that does not exist
 */
export async function updateMachine(db: Database, machineId: string, change: MachineChange, { caller, now }: By) {
  await db.transaction().execute(async (tx) => {
    const machine = await lockMachine(tx, machineId, caller);
    requireOperator(caller, machine, "change");
    const before = await readChangeable(tx, machineId);
    await requireOperatorOf(tx, caller, change.pool);
    await applyChange(tx, machineId, change);
    await notifyRacks(tx);
    await appendAudit(tx, {
      type: "machine.action",
      at: now,
      machine_id: machineId,
      actor: caller.username,
      message: `${caller.username} changed ${Object.keys(change).join(", ") || "nothing"} of ${machine.hostname}`,
      before,
      after: await readChangeable(tx, machineId),
      data: { action: "update", fields: Object.keys(change) },
    });
  });
}

/**
 * Writes what is given of a change into a machine's row, without a word in the events. The row is locked.
 *
 * @throws StateConflict when the hostname is taken, InputError for a zone, pool or domain that does not exist
 */
export async function applyChange(tx: Transaction, machineId: string, change: MachineChange): Promise<void> {
  const { hostname, power_driver, power_parameters, zone, pool, domain, ...plain } = change;
  if (hostname !== undefined) {
    const taken = await tx.selectFrom("machines").select("id").where("hostname", "=", hostname).executeTakeFirst();
    if (taken && taken.id !== machineId)
      throw new StateConflict(`Hostname ${hostname} is taken by machine ${taken.id}.`);
    await refuseDevicesHostname(tx, hostname);
  }
  const values = {
    ...plain,
    ...(domain !== undefined && { domain_id: await domainId(tx, domain) }),
    ...(hostname !== undefined && { hostname }),
    ...(power_driver !== undefined && { power_driver }),
    ...(power_parameters !== undefined && { power_parameters: json(power_parameters) }),
    ...((power_driver !== undefined || power_parameters !== undefined) && {
      power_state: "unknown" as const,
      power_checked_at: null,
    }),
  };
  if (Object.values(values).some((value) => value !== undefined))
    await tx.updateTable("machines").set(values).where("id", "=", machineId).execute();
  await setPlace(tx, [machineId], { zone, pool });
}

/** @throws InputError for a domain that does not exist */
async function domainId(tx: Transaction, name: string): Promise<number> {
  const { rows } = await sql<{ id: number }>`
    select id from domains where name = ${name} or id::text = ${name} order by name = ${name} desc limit 1
    for key share`.execute(tx);
  if (!rows[0]) throw InputError.field("domain", name, "must be the name or number of a domain that exists");
  return rows[0].id;
}

/** What an update may change of a machine. */
function readChangeable(tx: Transaction, machineId: string) {
  return tx
    .selectFrom("machines")
    .innerJoin("zones", "zones.id", "machines.zone_id")
    .innerJoin("pools", "pools.id", "machines.pool_id")
    .innerJoin("domains", "domains.id", "machines.domain_id")
    .select(["hostname", "power_driver", "power_parameters", "zones.name as zone", "pools.name as pool"])
    .select(["domains.name as domain", "machines.description", "architecture", "min_hwe_kernel", "hwe_kernel"])
    .select(["swap_size", "enable_hw_sync", "enable_kernel_crash_dump", "is_dpu", "cpu_count", "memory"])
    .where("machines.id", "=", machineId)
    .executeTakeFirstOrThrow();
}
