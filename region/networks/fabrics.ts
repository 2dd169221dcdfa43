import { type Fabric, type fabricCreate, type fabricUpdate, fabric } from "@rackwright/contract";
import { type Kysely, sql } from "kysely";
import type { z } from "zod";
import type { Database } from "../database/pool.ts";
import type { Tables } from "../database/tables.ts";
import { StateConflict } from "../errors.ts";
import { declareList } from "../filter/list.ts";
import { type Asked, listPage } from "../filter/page.ts";
import type { Page } from "../page.ts";
import { type By, changeNetworks, given, missing, nextId, requireName, tellChange } from "./change.ts";

const fabrics = (db: Kysely<Tables>) => db.selectFrom("fabrics").select(["id", "name", "description", "class_type"]);

export const fabricList = declareList("fabrics", fabric, { order: ["id"] });

/** One page of fabrics, filtered and sorted as asked for. @throws InputError */
export const pageOfFabrics = (db: Kysely<Tables>, asked: Asked): Promise<Page<Fabric>> =>
  listPage(db, fabricList, fabrics(db), asked);

/** Fabrics with an id above `after`, in order of id. */
export function listFabrics(db: Kysely<Tables>, after: number, limit: number): Promise<Fabric[]> {
  return fabrics(db).where("id", ">", after).orderBy("id").limit(limit).execute();
}

/** @throws NotFound */
export async function getFabric(db: Kysely<Tables>, id: number): Promise<Fabric> {
  const [found] = await listFabrics(db, id - 1, 1);
  if (found?.id !== id) throw missing("fabrics", id);
  return found;
}

/** Makes a fabric with its untagged VLAN. @throws InputError, StateConflict for a name that is taken */
export async function createFabric(db: Database, wanted: z.output<typeof fabricCreate>, by: By): Promise<Fabric> {
  return changeNetworks(db, async (tx) => {
    const id = await nextId(tx, "fabrics", wanted.name);
    const name = wanted.name ?? `fabric-${id}`;
    await requireName(tx, "fabrics", name, id);
    const { description, class_type } = wanted;
    await sql`insert into fabrics (id, name, description, class_type) overriding system value
              values (${id}, ${name}, ${description}, ${class_type})`.execute(tx);
    await tx.insertInto("vlans").values({ fabric_id: id, vid: 0, name: "untagged" }).execute();
    const after = await getFabric(tx, id);
    await tellChange(tx, by, "fabric.changed", { words: `created fabric ${name}`, id, after });
    return after;
  });
}

/** Changes the fields that are given. @throws NotFound, InputError, StateConflict */
export async function updateFabric(
  db: Database,
  id: number,
  change: z.output<typeof fabricUpdate>,
  by: By,
): Promise<Fabric> {
  return changeNetworks(db, async (tx) => {
    const before = await getFabric(tx, id);
    const fields = given(change);
    if (fields.name !== undefined) await requireName(tx, "fabrics", fields.name, id);
    const { name, description, class_type } = { ...before, ...fields };
    await tx.updateTable("fabrics").set({ name, description, class_type }).where("id", "=", id).execute();
    const after = await getFabric(tx, id);
    const words = `changed ${Object.keys(fields).join(", ") || "nothing"} of fabric ${before.name}`;
    await tellChange(tx, by, "fabric.changed", { words, id, before, after });
    return after;
  });
}

/** Deletes a fabric with its VLANs. @throws NotFound, StateConflict for the first one, and while something is on it */
export async function deleteFabric(db: Database, id: number, by: By): Promise<void> {
  await changeNetworks(db, async (tx) => {
    const before = await getFabric(tx, id);
    if (id === 0)
      throw new StateConflict(`The fabric ${before.name} always exists and cannot be deleted.`, {
        next: "Give it another name if it shall be for something else.",
      });
    const { rows } = await sql<{ what: string }>`
      select 'the subnet ' || s.cidr as what from subnets s join vlans v on v.id = s.vlan_id where v.fabric_id = ${id}
      union all
      select 'an interface of ' || coalesce(m.hostname, d.hostname) from interfaces i join vlans v on v.id = i.vlan_id
        left join machines m on m.id = i.machine_id left join devices d on d.id = i.device_id
      where v.fabric_id = ${id} limit 5`.execute(tx);
    if (rows.length > 0)
      throw new StateConflict(`On the fabric ${before.name} there is ${rows.map(({ what }) => what).join(", ")}.`, {
        next: "Move what is on it to another fabric, or delete it.",
      });
    await tx.deleteFrom("fabrics").where("id", "=", id).execute();
    await tellChange(tx, by, "fabric.changed", { words: `deleted fabric ${before.name}`, id, before });
  });
}
