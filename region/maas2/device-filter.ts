import { type Kysely, type RawBuilder, sql } from "kysely";
import type { z } from "zod";
import type { Tables } from "../database/tables.ts";
import { InputError } from "../errors.ts";
import { matching } from "../networks/find.ts";
import { macOf } from "./machine-one.ts";
import { listParameters } from "./machine-filter.ts";

type Condition = RawBuilder<boolean>;
type Wanted = z.output<typeof listParameters>;

/** Parameters that say something of devices; the others are about what only machines have. */
const ofDevices = new Set<string>(
  (
    "id system_id not_id hostname not_hostname mac_address domain not_domain zone not_in_zone owner not_owner subnets " +
    "not_subnets vlans not_vlans fabrics not_fabrics fabric_classes not_fabric_classes"
  ).split(" "),
);
const ignored = ["comment", "bridge_all", "bridge_type", "bridge_stp", "bridge_fd", "dry_run", "verbose"];

/**
 * What a list of devices is narrowed by, as a condition on `devices`. They have no status, pool, tags or disks: what asks
 * for such finds none, and what excludes such excludes none.
 *
 * @throws InputError keyed by the parameter
 */
export async function deviceCondition(db: Kysely<Tables>, wanted: Wanted): Promise<Condition> {
  for (const [field, table] of [
    ["zone", "zones"],
    ["not_in_zone", "zones"],
  ] as const)
    await requireNames(db, field, table, wanted[field]);
  const others = Object.entries(wanted).filter(
    ([name, value]) => !ofDevices.has(name) && !ignored.includes(name) && isGiven(value),
  );
  const asksMachines = others.some(([name]) => !name.startsWith("not_"));
  const onVlan = (where: Condition) => sql<boolean>`exists (select from interfaces i join vlans v on v.id = i.vlan_id
    join fabrics f on f.id = v.fabric_id where i.device_id = devices.id and ${where})`;
  const onSubnet = (specifiers: readonly string[]) => sql<boolean>`exists (select from interfaces i
    join interface_links l on l.interface_id = i.id join subnets s on s.id = l.subnet_id
    where i.device_id = devices.id and ${matching("subnet", specifiers)})`;
  const any = (column: string, values: readonly string[]) => sql<boolean>`${sql.ref(column)} = any(${values}::text[])`;
  const macs = wanted.mac_address.map((text) => macOf("mac_address", text));
  const conditions: [readonly unknown[], () => Condition, boolean][] = [
    [wanted.id, () => any("devices.id", wanted.id), true],
    [wanted.system_id, () => any("devices.id", wanted.system_id), true],
    [wanted.not_id, () => any("devices.id", wanted.not_id), false],
    [wanted.hostname, () => any("devices.hostname", wanted.hostname), true],
    [wanted.not_hostname, () => any("devices.hostname", wanted.not_hostname), false],
    [
      macs,
      () => sql`exists (select from interfaces i where i.device_id = devices.id and i.mac = any(${macs}::text[]))`,
      true,
    ],
    [wanted.domain, () => any("domains.name", wanted.domain), true],
    [wanted.not_domain, () => any("domains.name", wanted.not_domain), false],
    [wanted.zone, () => any("zones.name", wanted.zone), true],
    [wanted.not_in_zone, () => any("zones.name", wanted.not_in_zone), false],
    [wanted.owner, () => sql`coalesce(${any("users.username", wanted.owner)}, false)`, true],
    [wanted.not_owner, () => sql`coalesce(${any("users.username", wanted.not_owner)}, false)`, false],
    [wanted.fabrics, () => onVlan(any("f.name", wanted.fabrics)), true],
    [wanted.not_fabrics, () => onVlan(any("f.name", wanted.not_fabrics)), false],
    [wanted.fabric_classes, () => onVlan(any("f.class_type", wanted.fabric_classes)), true],
    [wanted.not_fabric_classes, () => onVlan(any("f.class_type", wanted.not_fabric_classes)), false],
    [wanted.vlans, () => onVlan(matching("vlan", wanted.vlans)), true],
    [wanted.not_vlans, () => onVlan(matching("vlan", wanted.not_vlans)), false],
    [wanted.subnets, () => onSubnet(wanted.subnets), true],
    [wanted.not_subnets, () => onSubnet(wanted.not_subnets), false],
  ];
  const chosen = conditions
    .filter(([values]) => values.length > 0)
    .map(([, make, holds]) => (holds ? make() : sql<boolean>`not ${make()}`));
  return sql<boolean>`(${sql.join([sql`${!asksMachines}::boolean`, ...chosen], sql` and `)})`;
}

const isGiven = (value: unknown): boolean =>
  Array.isArray(value) ? value.length > 0 : value !== undefined && value !== "";

async function requireNames(
  db: Kysely<Tables>,
  field: string,
  table: "zones",
  names: readonly string[],
): Promise<void> {
  if (names.length === 0) return;
  const rows = await db.selectFrom(table).select("name").where("name", "in", names).execute();
  const unknown = names.find((name) => !rows.some((row) => row.name === name));
  if (unknown !== undefined)
    throw InputError.field(
      field,
      unknown.slice(0, 100),
      `No such ${field.replace(/^not_in_/, "")}(s): ${unknown.slice(0, 100)}.`,
    );
}
