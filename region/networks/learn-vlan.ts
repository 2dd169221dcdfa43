import type { RackInterface } from "@rackwright/contract";
import { sql } from "kysely";
import type { Transaction } from "../database/pool.ts";
import { nextId } from "./change.ts";

/**
 * Where a rack's devices are, by their names. `id` is null for a device of which only the fabric is known, by its tags:
 * it is on that fabric's untagged VLAN.
 */
export type Placed = Map<string, { id: number | null; fabric_id: number; vid: number }>;

/**
 * The VLAN a rack's device is on, made where there is none: that of another network of the device; for a device of one
 * tag, the tag on the fabric of the device below it; else the untagged VLAN of the first fabric while nothing is on that,
 * or of a new fabric, since nobody says that two cards are on the same wire.
 */
export async function placeInterface(tx: Transaction, device: RackInterface, placed: Placed): Promise<number> {
  const known = placed.get(device.name);
  if (known?.id != null) return known.id;
  const below = device.vlan === undefined ? known : placed.get(device.vlan.parent);
  const fabric = below?.fabric_id ?? (await freeFabric(tx));
  const vid = device.vlan?.vid ?? 0;
  await tx
    .insertInto("vlans")
    .values({ fabric_id: fabric, vid, ...(vid === 0 && { name: "untagged" }) })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const { id } = await tx
    .selectFrom("vlans")
    .select("id")
    .where("fabric_id", "=", fabric)
    .where("vid", "=", vid)
    .executeTakeFirstOrThrow();
  placed.set(device.name, { id, fabric_id: fabric, vid });
  const parent = device.vlan?.parent;
  if (parent !== undefined && !placed.has(parent)) placed.set(parent, { id: null, fabric_id: fabric, vid: 0 });
  return id;
}

async function freeFabric(tx: Transaction): Promise<number> {
  const { rows } = await sql<{ id: number }>`
    select f.id from fabrics f where f.id = 0
      and not exists (select from subnets s join vlans v on v.id = s.vlan_id where v.fabric_id = f.id)`.execute(tx);
  if (rows[0] !== undefined) return rows[0].id;
  const id = await nextId(tx, "fabrics");
  await sql`insert into fabrics (id, name) overriding system value values (${id}, ${`fabric-${id}`})`.execute(tx);
  await tx.insertInto("vlans").values({ fabric_id: id, vid: 0, name: "untagged" }).execute();
  return id;
}
