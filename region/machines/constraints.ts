import { architecture as architectures, macAddress, powerState } from "@rackwright/contract";
import { type Kysely, type RawBuilder, sql } from "kysely";
import type { Tables } from "../database/tables.ts";
import { InputError } from "../errors.ts";
import { knownNames } from "../known-names.ts";

export type Condition = RawBuilder<boolean>;
type Db = Kysely<Tables>;
type Names = string | string[] | undefined;
export type PlaceWishes = {
  zone?: Names;
  not_zone?: Names;
  pool?: Names;
  not_pool?: Names;
  tags?: Names;
  not_tags?: Names;
};

const listed = (names: Names): string[] => (names === undefined ? [] : [...new Set([names].flat())]);
const shown = 10;

/** Conditions that must all hold. */
export function all(conditions: readonly Condition[]): Condition {
  return conditions.length === 0 ? sql<boolean>`true` : sql<boolean>`(${sql.join(conditions, sql` and `)})`;
}

const not = (condition: Condition): Condition => sql<boolean>`(${condition}) is not true`;

/** Ids of all the names in a table. @throws InputError naming those that do not exist */
async function idsOf(
  db: Db,
  table: "zones" | "pools" | "tags",
  field: string,
  names: readonly string[],
  unknowns: "refused" | "ignored" = "refused",
): Promise<number[]> {
  if (names.length === 0) return [];
  const rows = await db.selectFrom(table).select(["id", "name"]).where("name", "in", names).execute();
  const unknown = names.filter((name) => !rows.some((row) => row.name === name));
  if (unknown.length > 0 && unknowns === "refused")
    throw InputError.field(
      field,
      unknown.slice(0, shown).join(", "),
      `must be names of ${table} that exist; ${await knownNames(db, table, unknown)}`,
    );
  return rows.map(({ id }) => id);
}

/** Machines in one of the zones or pools, or in none. @throws InputError for one that does not exist */
export async function inPlaces(
  db: Db,
  kind: "zone" | "pool",
  field: string,
  names: readonly string[],
  { none = false } = {},
): Promise<Condition> {
  const ids = await idsOf(db, `${kind}s`, field, names);
  const condition = sql<boolean>`${sql.ref(`machines.${kind}_id`)} = any(${ids}::bigint[])`;
  return none ? not(condition) : condition;
}

/** Machines with all of the tags. @throws InputError for one that does not exist */
export async function withTags(db: Db, field: string, names: readonly string[]): Promise<Condition> {
  const ids = [...new Set(await idsOf(db, "tags", field, names))];
  return sql<boolean>`machines.id in (select machine_id from machine_tags
    where tag_id = any(${ids}::bigint[]) group by machine_id having count(*) = ${ids.length})`;
}

/** Machines with none of the tags. @throws InputError for one that does not exist, unless such are ignored */
export async function withoutTags(
  db: Db,
  field: string,
  names: readonly string[],
  unknowns: "refused" | "ignored" = "refused",
): Promise<Condition> {
  const ids = await idsOf(db, "tags", field, names, unknowns);
  return sql<boolean>`not exists
    (select from machine_tags where machine_id = machines.id and tag_id = any(${ids}::bigint[]))`;
}

/**
 * What a machine's zone, pool and tags must be and must not be, as a condition on `machines`. One zone or pool of those
 * named is enough; tags must all be there.
 *
 * @throws InputError for a zone, pool or tag that does not exist
 */
export async function placeConstraints(db: Db, wishes: PlaceWishes): Promise<Condition> {
  const conditions: Condition[] = [];
  for (const kind of ["zone", "pool"] as const)
    for (const none of [false, true]) {
      const field = none ? (`not_${kind}` as const) : kind;
      const names = listed(wishes[field]);
      if (names.length > 0) conditions.push(await inPlaces(db, kind, field, names, { none }));
    }
  const [tags, notTags] = [listed(wishes.tags), listed(wishes.not_tags)];
  if (tags.length > 0) conditions.push(await withTags(db, "tags", tags));
  if (notTags.length > 0) conditions.push(await withoutTags(db, "not_tags", notTags));
  return all(conditions);
}

/** Machines of one of the users, or of none of them. @throws InputError for one that does not exist */
export async function ownedBy(
  db: Db,
  field: string,
  names: readonly string[],
  { none = false } = {},
): Promise<Condition> {
  const rows = await db.selectFrom("users").select(["id", "username"]).where("username", "in", names).execute();
  const unknown = names.filter((name) => !rows.some(({ username }) => username === name));
  if (unknown.length > 0)
    throw InputError.field(field, unknown.slice(0, shown).join(", "), "must be names of users that exist");
  const condition = sql<boolean>`machines.owner_id = any(${rows.map(({ id }) => id)}::bigint[])`;
  return none ? not(condition) : condition;
}

const textColumns = {
  id: sql`machines.id`,
  hostname: sql`machines.hostname`,
  agent_name: sql`machines.agent_name`,
  status: sql`machines.status`,
  power_state: sql`machines.power_state`,
  domain: sql`(select domains.name from domains where domains.id = machines.domain_id)`,
} as const;

/** Machines whose column is one of the values, or none of them. */
export function oneOf(column: keyof typeof textColumns, values: readonly string[], { none = false } = {}): Condition {
  const condition = sql<boolean>`${textColumns[column]} = any(${[...values]}::text[])`;
  return none ? not(condition) : condition;
}

/** Machines by what their BMCs said last. @throws InputError for a word that is no power state */
export function inPowerState(field: string, words: readonly string[], options = {}): Condition {
  const states = words.map((word) => {
    const state = powerState.safeParse(word);
    if (!state.success) throw InputError.field(field, word, `must be one of ${powerState.options.join(", ")}`);
    return state.data;
  });
  return oneOf("power_state", states, options);
}

/** Machines by host name, alone or with the domain. */
export function named(names: readonly string[]): Condition {
  const lower = names.map((name) => name.toLowerCase());
  return sql<boolean>`(machines.hostname = any(${lower}::text[]) or machines.hostname || '.' ||
    (select domains.name from domains where domains.id = machines.domain_id) = any(${lower}::text[]))`;
}

/** Machines that have one of the network cards. @throws InputError for what is no MAC address */
export function withCards(field: string, macs: readonly string[]): Condition {
  const parsed = macs.map((mac) => {
    const address = macAddress.safeParse(mac);
    if (!address.success)
      throw InputError.field(field, mac.slice(0, 100), "must be a MAC address such as 52:54:00:12:34:56");
    return address.data;
  });
  return sql<boolean>`machines.id in (select sought.machine_id from interfaces as sought
    where sought.mac = any(${parsed}::text[]))`;
}

/**
 * Machines of one of the architectures (`amd64`, `amd64/generic`).
 *
 * @throws InputError for one that no machine can have
 */
export function ofArchitecture(field: string, words: readonly string[], { none = false } = {}): Condition {
  const names = words.map((word) => {
    const [name, variant = "generic"] = word.split("/", 2);
    const known = architectures.options.find((one) => one === name);
    if (known === undefined || variant !== "generic")
      throw InputError.field(
        field,
        word.slice(0, 100),
        `must be one of ${architectures.options.map((one) => `${one}, ${one}/generic`).join(", ")}`,
      );
    return known;
  });
  const condition = sql<boolean>`machines.architecture = any(${names}::text[])`;
  return none ? not(condition) : condition;
}

const numberColumns = {
  cpu_count: sql`machines.cpu_count`,
  memory: sql`machines.memory`,
  cpu_speed: sql`machines.cpu_speed`,
};

/** Machines with at least so many CPU threads, bytes of memory, or MHz. */
export function atLeast(column: keyof typeof numberColumns, least: number): Condition {
  return sql<boolean>`coalesce(${numberColumns[column]}, 0) >= ${least}::numeric`;
}

/** Machines whose system runs from memory, or from disk. */
export function deployedTo(targets: readonly ("memory" | "disk")[], { none = false } = {}): Condition {
  const condition = sql<boolean>`machines.ephemeral = any(${targets.map((target) => target === "memory")}::boolean[])`;
  return none ? not(condition) : condition;
}
