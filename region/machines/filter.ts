import type { Comparison, Filter, FilterField } from "@rackwright/contract";
import { type RawBuilder, sql } from "kysely";
import { containsPattern, escapeLike } from "../database/like.ts";

type Condition = RawBuilder<boolean>;
type FieldFilter = Extract<Filter, { kind: "field" }>;

/** How a text field is asked for, given a condition over a column. */
type TextSource = { column: RawBuilder<unknown>; lower: boolean; wrap: (condition: Condition) => Condition };

const itself = (condition: Condition): Condition => condition;
/** A subquery over the names of things, so that it can be answered from their side, by an index of the machines. */
const among = (machines: RawBuilder<unknown>, ids: RawBuilder<unknown>) => (condition: Condition) =>
  sql<boolean>`${machines} in (${ids} where ${condition})`;

const textSources: Record<Exclude<FilterField, ChoiceField | NumberField>, TextSource> = {
  hostname: { column: sql`machines.hostname`, lower: true, wrap: itself },
  id: { column: sql`machines.id`, lower: true, wrap: itself },
  serial: { column: sql`lower(machines.serial)`, lower: true, wrap: itself },
  vendor: { column: sql`lower(machines.vendor)`, lower: true, wrap: itself },
  product: { column: sql`lower(machines.product)`, lower: true, wrap: itself },
  image: { column: sql`machines.image`, lower: false, wrap: itself },
  mac: {
    column: sql`sought.mac`,
    lower: true,
    wrap: among(sql`machines.id`, sql`select sought.machine_id from interfaces as sought`),
  },
  owner: {
    column: sql`sought.username`,
    lower: false,
    wrap: among(sql`machines.owner_id`, sql`select sought.id from users as sought`),
  },
  zone: {
    column: sql`sought.name`,
    lower: false,
    wrap: among(sql`machines.zone_id`, sql`select sought.id from zones as sought`),
  },
  pool: {
    column: sql`sought.name`,
    lower: false,
    wrap: among(sql`machines.pool_id`, sql`select sought.id from pools as sought`),
  },
  tag: {
    column: sql`sought.name`,
    lower: false,
    wrap: among(
      sql`machines.id`,
      sql`select given.machine_id from machine_tags as given join tags as sought on sought.id = given.tag_id`,
    ),
  },
};
const choiceColumns = {
  status: sql`machines.status`,
  power: sql`machines.power_state`,
  arch: sql`machines.architecture`,
  firmware: sql`machines.firmware`,
};
type ChoiceField = keyof typeof choiceColumns;
const numberColumns = { cpu: sql`machines.cpu_count`, memory: sql`machines.memory`, storage: sql`machines.storage` };
type NumberField = keyof typeof numberColumns;

const operators: Record<Exclude<Comparison, ":">, RawBuilder<unknown>> = {
  ">=": sql`>=`,
  "<=": sql`<=`,
  ">": sql`>`,
  "<": sql`<`,
};

const isChoice = (field: FilterField): field is ChoiceField => Object.hasOwn(choiceColumns, field);
const isNumber = (field: FilterField): field is NumberField => Object.hasOwn(numberColumns, field);

function textCondition({ column, lower, wrap }: TextSource, values: readonly string[]): Condition {
  const cased = values.map((value) => (lower ? value.toLowerCase() : value));
  const exact = cased.filter((value) => !value.includes("*"));
  // One parameter each: what a pattern begins with is looked up in an index.
  const patterns = cased
    .filter((value) => value.includes("*"))
    .map((value) => sql<boolean>`${column} like ${escapeLike(value).replaceAll("*", "%")}`);
  const conditions = [...(exact.length > 0 ? [sql<boolean>`${column} = any(${exact}::text[])`] : []), ...patterns];
  return wrap(sql<boolean>`(${sql.join(conditions, sql` or `)})`);
}

function fieldCondition({ field, comparison, values }: FieldFilter): Condition {
  if (isNumber(field)) {
    const column = numberColumns[field];
    if (comparison === ":") return sql<boolean>`${column} = any(${values}::bigint[])`;
    return sql<boolean>`${column} ${operators[comparison]} ${values[0]}::bigint`;
  }
  const texts = values.map(String);
  if (isChoice(field)) return sql<boolean>`${choiceColumns[field]} = any(${texts}::text[])`;
  return textCondition(textSources[field], texts);
}

/** Machines in whose name, id, serial number, model or cards a text occurs. */
export function containsText(text: string): Condition {
  const pattern = containsPattern(text);
  return sql<boolean>`(machines.id like ${pattern} or machines.hostname like ${pattern}
    or lower(machines.serial) like ${pattern} or lower(machines.vendor) like ${pattern}
    or lower(machines.product) like ${pattern}
    or machines.id in (select sought.machine_id from interfaces as sought where sought.mac like ${pattern}))`;
}

/**
 * A filter as a condition on `machines`, all values as parameters. Where a machine has no value for a field, the field's
 * condition does not hold, and so `not` of it does.
 */
export function filterCondition(filter: Filter): Condition {
  switch (filter.kind) {
    case "and":
    case "or": {
      if (filter.of.length === 0) return sql<boolean>`${filter.kind === "and"}::boolean`;
      return sql<boolean>`(${sql.join(filter.of.map(filterCondition), filter.kind === "and" ? sql` and ` : sql` or `)})`;
    }
    case "not":
      return sql<boolean>`(${filterCondition(filter.of)}) is not true`;
    case "text":
      return containsText(filter.text);
    case "field":
      return fieldCondition(filter);
  }
}
