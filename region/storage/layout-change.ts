import type { Database, Transaction } from "../database/pool.ts";
import { json } from "../database/pool.ts";
import { InputError } from "../errors.ts";
import { type StorageChange, changeStorage } from "./change.ts";
import { restoreStorage } from "./commissioned.ts";
import { type CustomLayout, applyCustom, customLayout } from "./custom-layout.ts";
import { type LayoutName, type LayoutWish, applyLayout } from "./layouts.ts";

type By = Pick<StorageChange<void>, "machineId" | "caller" | "now">;

/**
 * Replaces a machine's whole storage configuration by a layout. For `custom` a document can be given, which is kept with
 * the machine; else the one kept is taken.
 *
 * @throws NotFound, Denied, StateConflict, InputError
 */
export async function setLayout(
  db: Database,
  by: By,
  layout: LayoutName,
  wish: LayoutWish = {},
  custom?: CustomLayout,
): Promise<void> {
  await changeStorage<void>(db, {
    ...by,
    need: "layout",
    what: `set the storage layout ${layout}`,
    apply: async (storage, make, machine, tx) => {
      if (layout !== "custom") applyLayout(storage, make, layout, wish);
      else {
        if (custom !== undefined) await keepCustom(tx, machine.id, custom);
        applyCustom(storage, make, custom ?? (await readCustom(tx, machine.id)));
      }
    },
  });
}

async function keepCustom(tx: Transaction, machineId: string, document: CustomLayout): Promise<void> {
  const custom = json(document);
  await tx
    .insertInto("machine_storage")
    .values({ machine_id: machineId, custom })
    .onConflict((conflict) => conflict.column("machine_id").doUpdateSet({ custom }))
    .execute();
}

/** The custom layout kept with a machine. @throws InputError where there is none */
async function readCustom(tx: Transaction, machineId: string): Promise<CustomLayout> {
  const row = await tx
    .selectFrom("machine_storage")
    .select("custom")
    .where("machine_id", "=", machineId)
    .executeTakeFirst();
  const document = customLayout.safeParse(row?.custom);
  if (document.success) return document.data;
  throw new InputError("Failed to configure storage layout 'custom': no custom layout was given for this machine.", {
    next: "Give one with PUT /api/v1/machines/{id}/storage/layout.",
  });
}

/** Configures a machine's storage as its commissioning did. @throws NotFound, Denied, StateConflict */
export async function restoreLayout(db: Database, by: By): Promise<void> {
  await changeStorage<void>(db, {
    ...by,
    need: "restore",
    what: "restored the storage configuration",
    apply: (storage, make, machine, tx) => restoreStorage(tx, machine.id, storage, make),
  });
}
