import type { Filter, FilterField } from "@rackwright/contract";
import { type RawBuilder, sql } from "kysely";
import { type Condition, type Source, conditionOf } from "../filter/condition.ts";
import { containsPattern } from "../database/like.ts";

const text = (column: RawBuilder<unknown>, lower: boolean): Source => ({ kind: "text", column, lower });
/** A subquery over the names of things, so that it can be answered from their side, by an index of the machines. */
const among = (
  machines: RawBuilder<unknown>,
  ids: RawBuilder<unknown>,
  column: RawBuilder<unknown>,
  lower = false,
): Source => ({
  kind: "text",
  column,
  lower,
  wrap: (condition) => sql<boolean>`${machines} in (${ids} where ${condition})`,
});

/** Where the values of the fields of machines are. */
const fields: Readonly<Record<FilterField, Source>> = {
  hostname: text(sql`machines.hostname`, true),
  id: text(sql`machines.id`, true),
  serial: text(sql`lower(machines.serial)`, true),
  vendor: text(sql`lower(machines.vendor)`, true),
  product: text(sql`lower(machines.product)`, true),
  image: text(sql`machines.image`, false),
  mac: among(sql`machines.id`, sql`select sought.machine_id from interfaces as sought`, sql`sought.mac`, true),
  owner: among(sql`machines.owner_id`, sql`select sought.id from users as sought`, sql`sought.username`),
  zone: among(sql`machines.zone_id`, sql`select sought.id from zones as sought`, sql`sought.name`),
  pool: among(sql`machines.pool_id`, sql`select sought.id from pools as sought`, sql`sought.name`),
  tag: among(
    sql`machines.id`,
    sql`select given.machine_id from machine_tags as given join tags as sought on sought.id = given.tag_id`,
    sql`sought.name`,
  ),
  status: { kind: "choice", column: sql`machines.status` },
  power: { kind: "choice", column: sql`machines.power_state` },
  arch: { kind: "choice", column: sql`machines.architecture` },
  firmware: { kind: "choice", column: sql`machines.firmware` },
  cpu: { kind: "number", column: sql`machines.cpu_count` },
  memory: { kind: "number", column: sql`machines.memory` },
  storage: { kind: "number", column: sql`machines.storage` },
};

/** Machines in whose name, id, serial number, model or cards a text occurs. */
export function containsText(text: string): Condition {
  const pattern = containsPattern(text);
  return sql<boolean>`(machines.id like ${pattern} or machines.hostname like ${pattern}
    or lower(machines.serial) like ${pattern} or lower(machines.vendor) like ${pattern}
    or lower(machines.product) like ${pattern}
    or machines.id in (select sought.machine_id from interfaces as sought where sought.mac like ${pattern}))`;
}

const sources = { fields, contains: containsText };

/** A filter as a condition on `machines`; see `conditionOf`. */
export const filterCondition = (filter: Filter): Condition => conditionOf(sources, filter);
