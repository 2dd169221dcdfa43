import { type Kysely, type RawBuilder, sql } from "kysely";
import type { Tables } from "../database/tables.ts";
import { Denied, NotFound } from "../errors.ts";
import { parseIp, parseNetwork, printNetwork } from "./ip.ts";
import { type Condition, type Kind, parseSpecifiers, type Specifier } from "./specifiers.ts";

type Sql = RawBuilder<boolean>;
const never = sql<boolean>`false`;

/** The alias each table has in the conditions below. */
const tables = { subnet: sql`subnets s`, vlan: sql`vlans v`, fabric: sql`fabrics f`, space: sql`spaces p` } as const;
const ids = { subnet: sql`s.id`, vlan: sql`v.id`, fabric: sql`f.id`, space: sql`p.id` } as const;
const names = {
  subnet: sql`coalesce(s.name, s.cidr::text)`,
  vlan: sql`case when v.vid = 0 then coalesce(v.name, 'untagged') else v.name end`,
  fabric: sql`f.name`,
  space: sql`p.name`,
} as const;
/** MAAS's names of its models, in its sentence about what is not there. */
const models = { subnet: "Subnet", vlan: "VLAN", fabric: "Fabric", space: "Space" } as const;

/**
 * Specifiers as a SQL condition on `subnets s`, `vlans v`, `fabrics f` or `spaces p`. No specifier at all matches
 * everything.
 *
 * @throws InputError for more than can be asked at once
 */
export function matching(kind: Kind, specifiers: readonly string[]): Sql {
  return (
    parseSpecifiers(kind, specifiers).reduce<Sql | undefined>((before, { join, not, all }) => {
      const both = sql<boolean>`(${sql.join(
        all.map((one) => condition(kind, one)),
        sql` and `,
      )})`;
      const now = not ? sql<boolean>`(${both} is not true)` : both;
      if (before === undefined) return now;
      return join === "and" ? sql<boolean>`(${before} and ${now})` : sql<boolean>`(${before} or ${now})`;
    }, undefined) ?? sql<boolean>`true`
  );
}

/** Ids of what the specifiers name, in their order; none where nothing fits. */
export async function find(db: Kysely<Tables>, kind: Kind, specifiers: readonly string[]): Promise<number[]> {
  const { rows } = await sql<{ id: number }>`
    select ${ids[kind]} as id from ${tables[kind]} where ${matching(kind, specifiers)} order by 1`.execute(db);
  return rows.map(({ id }) => id);
}

/** Ids of the subnets the specifiers name. */
export const findSubnets = (db: Kysely<Tables>, specifiers: readonly string[]) => find(db, "subnet", specifiers);
/** Ids of the VLANs the specifiers name; a bare number is a VLAN tag. */
export const findVlans = (db: Kysely<Tables>, specifiers: readonly string[]) => find(db, "vlan", specifiers);
/** Ids of the fabrics the specifiers name. */
export const findFabrics = (db: Kysely<Tables>, specifiers: readonly string[]) => find(db, "fabric", specifiers);
/** Ids of the spaces the specifiers name. */
export const findSpaces = (db: Kysely<Tables>, specifiers: readonly string[]) => find(db, "space", specifiers);

/** The one thing a specifier names. @throws NotFound for none, Denied (403) for several */
export async function findOne(db: Kysely<Tables>, kind: Kind, specifier: string): Promise<number> {
  const [id, ...more] = await find(db, kind, [specifier]);
  if (id === undefined) throw new NotFound(`No ${models[kind]} matches the given query.`);
  if (more.length > 0)
    throw new Denied(`${more.length + 1} ${kind}s match ${specifier.slice(0, 200)}; name one of them by its id.`);
  return id;
}

function condition(kind: Kind, { not, is }: Condition): Sql {
  const own = holdsFor(kind, is);
  return not ? sql<boolean>`(${own} is not true)` : own;
}

function holdsFor(kind: Kind, is: Specifier): Sql {
  switch (is.by) {
    case "nothing":
      return never;
    case "id":
      return sql<boolean>`${ids[kind]} = ${is.number}::bigint`;
    case "name":
      return named(kind, is.text);
    case "class":
      return sql<boolean>`f.class_type = ${is.text}`;
    case "vid":
      return kind === "vlan" ? sql<boolean>`v.vid = ${is.number}::bigint` : belongs(kind, "vlan", is);
    case "cidr": {
      const network = parseNetwork(is.text);
      return network === undefined ? never : sql<boolean>`s.cidr = ${printNetwork(network)}::cidr`;
    }
    case "ip":
      return parseIp(is.text) === undefined ? never : sql<boolean>`s.cidr >>= ${is.text}::inet`;
    case "interface":
      return sql<boolean>`s.id in (select l.subnet_id from interface_links l where l.interface_id = ${is.number}::bigint)`;
    case "interface name":
      return sql<boolean>`s.id in (select l.subnet_id from interface_links l join interfaces i on i.id = l.interface_id
                                   where i.name = ${is.text})`;
    case "none":
      // Of spaces themselves none is no space; MAAS's pseudo space is a face of its own.
      return never;
    case "subnet":
    case "vlan":
    case "fabric":
    case "space":
      return belongs(kind, is.by, is.of);
  }
}

/** Fabrics and spaces without a name of their own go by their number. */
function named(kind: Kind, text: string): Sql {
  const number =
    kind === "fabric" || kind === "space" ? new RegExp(`^${kind}-(\\d{1,15})$`).exec(text)?.[1] : undefined;
  const byName = sql<boolean>`${names[kind]} = ${text}`;
  return number === undefined ? byName : sql<boolean>`(${byName} or ${ids[kind]} = ${Number(number)}::bigint)`;
}

/** The thing is in, or has, another one of which the condition is true. */
function belongs(kind: Kind, other: Kind, of: Specifier): Sql {
  const where = holdsFor(other, of);
  switch (`${kind} ${other}`) {
    case "subnet vlan":
      return sql<boolean>`s.vlan_id in (select v.id from vlans v where ${where})`;
    case "subnet fabric":
    case "subnet space":
      return sql<boolean>`s.vlan_id in (select v.id from vlans v where ${belongs("vlan", other, of)})`;
    case "vlan fabric":
      return sql<boolean>`v.fabric_id in (select f.id from fabrics f where ${where})`;
    case "vlan space":
      return of.by === "none"
        ? sql<boolean>`v.space_id is null`
        : sql<boolean>`v.space_id in (select p.id from spaces p where ${where})`;
    case "vlan subnet":
      return sql<boolean>`v.id in (select s.vlan_id from subnets s where ${where})`;
    case "space subnet":
      return sql<boolean>`p.id in (select v.space_id from vlans v join subnets s on s.vlan_id = v.id where ${where})`;
    default:
      return never;
  }
}
