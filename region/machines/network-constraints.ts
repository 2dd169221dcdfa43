import { isIP } from "node:net";
import { type Kysely, sql } from "kysely";
import type { Tables } from "../database/tables.ts";
import { InputError } from "../errors.ts";
import { find, matching } from "../networks/find.ts";
import { type Condition, all } from "./constraints.ts";
import type { InterfaceKey, InterfaceWish, KeyWish } from "./interfaces-wish.ts";

type Db = Kysely<Tables>;
const not = (condition: Condition): Condition => sql<boolean>`(${condition}) is not true`;

/** Of an interface `i` and what it is connected to. */
const connected = sql`interfaces i left join vlans v on v.id = i.vlan_id left join fabrics f on f.id = v.fabric_id
  left join spaces p on p.id = v.space_id`;

/** Machines one of whose interfaces fulfils a condition on `i`, `v`, `f` and `p`; with `none`, no interface does. */
const someInterface = (condition: Condition, none = false): Condition => {
  const some = sql<boolean>`exists (select from ${connected} where i.machine_id = machines.id and ${condition})`;
  return none ? not(some) : some;
};

/** Machines with an interface in one of the fabrics of these names, or with none. */
export function inFabrics(names: readonly string[], { none = false } = {}): Condition {
  return someInterface(sql<boolean>`f.name = any(${[...names]}::text[])`, none);
}

/** Machines with an interface in a fabric of one of these classes, or with none. */
export function inFabricClasses(classes: readonly string[], { none = false } = {}): Condition {
  return someInterface(sql<boolean>`f.class_type = any(${[...classes]}::text[])`, none);
}

/** Machines with an interface on one of the VLANs, or with none. Specifiers as of networks/specifiers.ts. */
export function onVlans(specifiers: readonly string[], { none = false } = {}): Condition {
  return someInterface(matching("vlan", specifiers), none);
}

/** Machines with an interface whose link runs with so many Mbit/s. */
export function linkedWith(least: number): Condition {
  return someInterface(sql<boolean>`i.link_speed >= ${least}::numeric`);
}

/** Machines linked to every subnet the specifiers name. @throws InputError where they name none */
export async function onSubnets(db: Db, field: string, specifiers: readonly string[]): Promise<Condition> {
  const wanted = await find(db, "subnet", specifiers);
  if (wanted.length === 0)
    throw InputError.field(field, specifiers.join(" ").slice(0, 200), "No matching subnets were found.");
  return sql<boolean>`(select count(distinct l.subnet_id) from interface_links l join interfaces i on i.id = l.interface_id
    where i.machine_id = machines.id and l.subnet_id = any(${wanted}::bigint[])) = ${wanted.length}`;
}

/** Machines linked to none of the subnets the specifiers name. */
export async function offSubnets(db: Db, specifiers: readonly string[]): Promise<Condition> {
  const unwanted = await find(db, "subnet", specifiers);
  return sql<boolean>`not exists (select from interface_links l join interfaces i on i.id = l.interface_id
    where i.machine_id = machines.id and l.subnet_id = any(${unwanted}::bigint[]))`;
}

/** What a subnet `s` that the interface is linked to must be. */
const linked = (condition: Condition): Condition =>
  sql<boolean>`exists (select from interface_links l join subnets s on s.id = l.subnet_id
    where l.interface_id = i.id and ${condition})`;

const numbers = (key: InterfaceKey, values: readonly string[]): number[] =>
  values.map((value) => {
    if (!/^\d{1,15}$/.test(value)) throw InputError.field("interfaces", `${key}=${value}`, `${key} must be a number`);
    return Number(value);
  });

/** What one key asks of an interface `i`, by any of its values. */
function keyCondition({ key, values }: KeyWish): Condition {
  switch (key) {
    case "id":
      return sql<boolean>`i.id = any(${numbers(key, values)}::bigint[])`;
    case "name":
      return sql<boolean>`i.name = any(${values}::text[])`;
    case "hostname":
      return sql<boolean>`machines.hostname = any(${values.map((value) => value.toLowerCase())}::text[])`;
    case "type":
      return sql<boolean>`i.type = any(${values.map((value) => value.toLowerCase())}::text[])`;
    case "fabric":
      return matching("fabric", values);
    case "fabric_class":
      return sql<boolean>`f.class_type = any(${values}::text[])`;
    case "vlan":
      return matching("vlan", values);
    case "vid":
      return sql<boolean>`v.vid = any(${numbers(key, values)}::bigint[])`;
    case "space": {
      const spaces = values.filter((value) => value !== "undefined" && value !== "-1");
      const some = spaces.length > 0 ? [matching("space", spaces)] : [];
      const none = spaces.length < values.length ? [sql<boolean>`(v.id is not null and v.space_id is null)`] : [];
      return sql<boolean>`(${sql.join([...some, ...none], sql` or `)})`;
    }
    case "subnet":
      return linked(matching("subnet", values));
    case "subnet_cidr":
      return linked(sql<boolean>`s.cidr::text = any(${values}::text[])`);
    case "ip": {
      const wrong = values.find((value) => isIP(value) === 0);
      if (wrong !== undefined) throw InputError.field("interfaces", `ip=${wrong}`, "ip must be an IP address");
      return sql<boolean>`exists (select from interface_links l join ip_addresses a on a.id = l.ip_address_id
        where l.interface_id = i.id and a.address = any(${values}::inet[]))`;
    }
    case "mode":
      if (values.some((value) => value !== "unconfigured"))
        throw InputError.field("interfaces", `mode=${values.join()}`, "mode must be unconfigured");
      return sql<boolean>`not exists (select from interface_links l where l.interface_id = i.id and l.mode <> 'link_up')`;
    case "tag":
      return sql<boolean>`(${sql.join(
        values.map((value) => sql<boolean>`i.tags @> ${value.split("&&").map((tag) => tag.trim())}::text[]`),
        sql` or `,
      )})`;
    case "link_speed":
      return sql<boolean>`i.link_speed >= ${Math.min(...numbers(key, values))}::bigint`;
  }
}

const wishCondition = ({ keys }: InterfaceWish): Condition =>
  all(keys.map((wish) => (wish.not ? not(keyCondition(wish)) : keyCondition(wish))));

/**
 * Machines that have, for every label, an interface of that kind.
 *
 * @throws InputError on the field `interfaces` for values that no interface can have
 */
export function withInterfaces(wishes: readonly InterfaceWish[]): Condition {
  return all(wishes.map((wish) => someInterface(wishCondition(wish))));
}

/** The interfaces of a machine that each label means, by their ids; labels without any are left out. */
export async function interfacesFor(
  db: Db,
  machineIds: readonly string[],
  wishes: readonly InterfaceWish[],
): Promise<Map<string, Record<string, number[]>>> {
  if (wishes.length === 0 || machineIds.length === 0) return new Map();
  const parts = wishes.map(
    (wish) => sql`select ${wish.label}::text as label, machines.id as machine_id, i.id as id
      from machines join (${connected}) on i.machine_id = machines.id
      where machines.id = any(${[...machineIds]}::text[]) and ${wishCondition(wish)}`,
  );
  const { rows } = await sql<{ label: string; machine_id: string; id: number }>`
    ${sql.join(parts, sql` union all `)} order by machine_id, label, id`.execute(db);
  const found = new Map<string, Record<string, number[]>>();
  for (const { label, machine_id, id } of rows) {
    const labels = found.get(machine_id) ?? {};
    (labels[label] ??= []).push(id);
    found.set(machine_id, labels);
  }
  return found;
}
