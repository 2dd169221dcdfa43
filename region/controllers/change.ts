import { sql } from "kysely";
import type { Database, Transaction } from "../database/pool.ts";
import { InputError, NotFound } from "../errors.ts";
import { appendAudit } from "../events/audit.ts";
import { notifyRacks } from "../racks/notify.ts";
import { type Caller, requireAdministrator } from "../users/access.ts";
import { type Controller, type ControllerKind, listControllers } from "./read.ts";

export type ControllerChange = {
  description?: string | undefined;
  zone?: string | undefined;
  /** Name or number. */
  domain?: string | undefined;
};
type By = { caller: Caller; now: Date };

const tables = { rack: "racks", region: "regions" } as const;
const titles = { rack: "rack controller", region: "region controller" } as const;

async function lock(tx: Transaction, kind: ControllerKind, systemId: string, now: Date): Promise<Controller> {
  await tx.selectFrom(tables[kind]).select("id").where("system_id", "=", systemId).forUpdate().execute();
  const found = (await listControllers(tx, kind, now)).find(({ system_id }) => system_id === systemId);
  if (!found) throw new NotFound(`There is no ${titles[kind]} ${systemId}.`);
  return found;
}

async function idOf(tx: Transaction, table: "zones" | "domains", field: string, name: string): Promise<number> {
  const { rows } = await sql<{ id: number }>`
    select id from ${sql.table(table)} where name = ${name} ${table === "domains" ? sql`or id::text = ${name}` : sql``}
    order by name = ${name} desc limit 1 for key share`.execute(tx);
  if (!rows[0]) throw InputError.field(field, name.slice(0, 200), `must be the name of a ${field} that exists`);
  return rows[0].id;
}

/**
 * Changes what an operator says of a controller.
 *
 * @throws NotFound, Denied, InputError for a zone or domain that does not exist
 */
export async function updateController(
  db: Database,
  kind: ControllerKind,
  systemId: string,
  change: ControllerChange,
  { caller, now }: By,
): Promise<void> {
  requireAdministrator(caller);
  await db.transaction().execute(async (tx) => {
    const before = await lock(tx, kind, systemId, now);
    const { description, zone, domain } = change;
    const values = {
      ...(description !== undefined && { description }),
      ...(zone !== undefined && { zone_id: await idOf(tx, "zones", "zone", zone) }),
      ...(domain !== undefined && { domain_id: await idOf(tx, "domains", "domain", domain) }),
    };
    if (Object.keys(values).length > 0)
      await tx.updateTable(tables[kind]).set(values).where("id", "=", before.id).execute();
    const { zone_id, domain_id } = before;
    await appendAudit(tx, {
      type: `${kind}.changed`,
      at: now,
      actor: caller.username,
      message: `${caller.username} changed ${Object.keys(values).join(", ") || "nothing"} of ${titles[kind]} ${before.hostname}`,
      before: { description: before.description, zone_id, domain_id },
      after: { description: before.description, zone_id, domain_id, ...values },
      data: { action: "update", system_id: systemId },
    });
  });
}

/**
 * Forgets a controller. One that is at work is only forgotten with `force`; it is refused afterwards (a rack), or comes
 * back by its next sign of life (a region).
 *
 * @throws NotFound, Denied, InputError for one that is at work
 */
export async function deleteController(
  db: Database,
  kind: ControllerKind,
  systemId: string,
  { caller, now, force }: By & { force: boolean },
): Promise<void> {
  requireAdministrator(caller);
  await db.transaction().execute(async (tx) => {
    const before = await lock(tx, kind, systemId, now);
    if (before.alive && !force)
      throw new InputError(
        `The ${titles[kind]} ${before.hostname} is at work. Stop it first, or delete it with force=true.`,
      );
    await tx.deleteFrom(tables[kind]).where("id", "=", before.id).execute();
    if (kind === "rack") await notifyRacks(tx);
    await appendAudit(tx, {
      type: `${kind}.changed`,
      at: now,
      actor: caller.username,
      message: `${caller.username} deleted ${titles[kind]} ${before.hostname}`,
      before: { hostname: before.hostname, version: before.version },
      data: { action: "delete", system_id: systemId },
    });
  });
}
