import { macTaken } from "@rackwright/contract";
import { sql } from "kysely";
import type { InterfaceType } from "../database/tables/interfaces.ts";
import type { Transaction } from "../database/pool.ts";
import { type FieldFailure, InputError, StateConflict } from "../errors.ts";
import type { Interface } from "./read.ts";

/** Refuses with every failure there is. @throws InputError */
export function refuse(failures: readonly FieldFailure[]): void {
  const [first] = failures;
  if (first === undefined) return;
  throw new InputError(`${first.field} ${first.allowed}`, { failures: [...failures] });
}

/** What kinds of interfaces one of a kind may be made of, in words of the refusal. */
const madeOf: Record<Exclude<InterfaceType, "physical">, readonly InterfaceType[]> = {
  bond: ["physical"],
  bridge: ["physical", "bond", "vlan"],
  vlan: ["physical", "bond", "bridge"],
};

/** The wanted parents, which must be of the node, of the right kind and not in another bond or bridge. */
export function requireParents(
  all: readonly Interface[],
  { type, parents, self, vid }: { type: InterfaceType; parents: readonly number[]; self?: number; vid?: number },
): Interface[] {
  if (type === "physical") {
    if (parents.length > 0) throw InputError.field("parents", parents, "A physical interface cannot have parents.");
    return [];
  }
  const field = "parents";
  const found = [...new Set(parents)].map((id) => {
    const parent = all.find((one) => one.id === id);
    if (parent === undefined || parent.id === self)
      throw InputError.field(field, id, "must be an interface of the same machine");
    return parent;
  });
  if (found.length === 0) throw InputError.field(field, parents, "This field is required.");
  const failures = found.flatMap((parent): FieldFailure[] => {
    const told = (allowed: string) => [{ field, value: parent.name, allowed }];
    if (!madeOf[type].includes(parent.type))
      return told(`${parent.name} is a ${parent.type}; a ${type} can be made of: ${madeOf[type].join(", ")}`);
    const others = all.filter((one) => one.id !== self && one.parents.includes(parent.id));
    const holder = others.find((one) => one.type === "bond" || (one.type === "bridge" && type !== "vlan"));
    if (holder !== undefined) return told(`${parent.name} is in use by ${holder.name}`);
    const vlan = others.find((one) => one.type === "vlan");
    if (vlan !== undefined && type === "bond") return told(`${parent.name} carries the VLAN interface ${vlan.name}`);
    return [];
  });
  refuse(failures);
  if (type === "vlan" && vid === 0)
    throw InputError.field("vlan_id", vid, "A VLAN interface can only belong to a tagged VLAN.");
  return found;
}

/** @throws InputError where another interface of the node has the name */
export function requireFreeName(all: readonly Interface[], name: string, self?: number): void {
  if (all.some((one) => one.name === name && one.id !== self))
    throw InputError.field("name", name, "Interface with this name already exists on this machine.");
}

/** The first of `eth0`, `eth1` … that is free. */
export function freeName(all: readonly { name: string }[], prefix: string): string {
  for (let n = 0; ; n++) if (!all.some(({ name }) => name === `${prefix}${n}`)) return `${prefix}${n}`;
}

/** Network cards are what machines are told apart by. @throws InputError naming who has the address */
export async function requireFreeMac(tx: Transaction, mac: string, self?: number): Promise<void> {
  const { rows } = await sql<{ hostname: string; name: string }>`
    select coalesce(m.hostname, d.hostname) as hostname, i.name
    from interfaces i left join machines m on m.id = i.machine_id left join devices d on d.id = i.device_id
    where i.mac = ${mac} and i.id is distinct from ${self ?? null}::bigint`.execute(tx);
  const [taken] = rows;
  if (taken === undefined) return;
  const allowed = `This MAC address is already in use by ${taken.hostname}.`;
  throw new InputError(`MAC address ${mac} belongs to ${taken.name} of ${taken.hostname}.`, {
    ...macTaken,
    failures: [{ field: "mac", value: mac, allowed }],
  });
}

/** The tag of a VLAN, null where there is no such VLAN. */
export async function vidOf(tx: Transaction, vlanId: number): Promise<number | null> {
  const row = await sql<{ vid: number }>`select vid from vlans where id = ${vlanId}`.execute(tx);
  return row.rows[0]?.vid ?? null;
}

/** The VLAN's tag. @throws InputError where there is no such VLAN */
export async function requireVlan(tx: Transaction, vlanId: number): Promise<number> {
  const vid = await vidOf(tx, vlanId);
  if (vid === null) throw InputError.field("vlan_id", vlanId, "names no VLAN there is");
  return vid;
}

/** Those interfaces of a node, locked by it, of which one has this id. @throws StateConflict where it is gone */
export function ofNode(all: readonly Interface[], id: number): Interface {
  const found = all.find((one) => one.id === id);
  if (found === undefined) throw new StateConflict(`Interface ${id} is gone.`, { next: "List the interfaces again." });
  return found;
}
