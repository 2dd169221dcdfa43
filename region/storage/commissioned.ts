import { randomUUID } from "node:crypto";
import type { Inventory } from "@rackwright/contract";
import { sql } from "kysely";
import type { Database, Transaction } from "../database/pool.ts";
import { InputError } from "../errors.ts";
import type { MachineRow } from "../machines/fire.ts";
import { readSettings } from "../settings/settings.ts";
import { applyCustom, customLayout } from "./custom-layout.ts";
import { takeDisks } from "./found.ts";
import { type LayoutName, applyLayout, clear } from "./layouts.ts";
import { type Maker, type Storage, emptyStorage, maker } from "./model.ts";
import { settle } from "./settle.ts";
import { loadStorages, saveStorage } from "./store.ts";

/** The next commissioning of the machine leaves its storage configuration as it is, or not (then it is as new). */
export async function keepStorage(tx: Transaction, machineId: string, keep: boolean): Promise<void> {
  await tx
    .insertInto("machine_storage")
    .values({ machine_id: machineId, keep })
    .onConflict((conflict) => conflict.column("machine_id").doUpdateSet({ keep }))
    .execute();
}

/**
 * Takes over what commissioning found: the machine's disks, and on them the layout that is set as default, unless this
 * commissioning was to keep what is configured. The machine's row must be locked.
 */
export async function saveFoundStorage(tx: Transaction, machineId: string, inventory: Inventory): Promise<void> {
  const before = (await loadStorages(tx, [machineId])).get(machineId);
  if (before === undefined) return;
  const own = await tx
    .selectFrom("machine_storage")
    .select(["keep", "custom"])
    .where("machine_id", "=", machineId)
    .executeTakeFirst();
  const keep = own?.keep === true && before.devices.length > 0;
  const { architecture, firmware, ...rest } = structuredClone(before);
  const storage: Storage = {
    ...rest,
    architecture: architecture ?? inventory.architecture,
    firmware: firmware ?? inventory.firmware,
  };
  const make = maker(randomUUID);
  if (!keep) clear(storage);
  takeDisks(storage, make, inventory, keep);
  if (!keep) {
    const { default_storage_layout } = await readSettings(tx);
    layOut(storage, make, default_storage_layout, own?.custom ?? null);
  }
  await saveStorage(tx, before, storage);
}

/** Lays the disks out as commissioning would, in place of what is configured. The machine's row must be locked. */
export async function restoreStorage(tx: Transaction, machineId: string, storage: Storage, make: Maker): Promise<void> {
  const own = await tx
    .selectFrom("machine_storage")
    .select("custom")
    .where("machine_id", "=", machineId)
    .executeTakeFirst();
  const { default_storage_layout } = await readSettings(tx);
  clear(storage);
  layOut(storage, make, default_storage_layout, own?.custom ?? null);
}

/** Applies the default layout as far as the disks allow it: what cannot be is laid out flat, what is too small not at all. */
function layOut(storage: Storage, make: Maker, layout: LayoutName, custom: unknown): void {
  const tries: (() => void)[] = [
    () => {
      if (layout !== "custom" && storage.bootDiskId === null) return clear(storage);
      if (layout !== "custom") return applyLayout(storage, make, layout);
      const given = customLayout.safeParse(custom);
      if (!given.success) throw new InputError("The machine has no custom layout.");
      applyCustom(storage, make, given.data);
    },
    // Not on a disk that nobody chose and that is none for a system.
    () => (storage.bootDiskId === null ? clear(storage) : applyLayout(storage, make, "flat")),
    () => clear(storage),
  ];
  for (const attempt of tries)
    try {
      attempt();
      settle(storage);
      return;
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
    }
}

/**
 * Gives a machine that was commissioned before there was any storage configuration the one it would have got. Whether it
 * has one is asked first, in one query.
 */
export async function ensureStorage(tx: Transaction, machine: Pick<MachineRow, "id" | "inventory">): Promise<void> {
  if (machine.inventory === null) return;
  const known = await tx
    .selectFrom("block_devices")
    .select("id")
    .where("machine_id", "=", machine.id)
    .limit(1)
    .executeTakeFirst();
  if (known === undefined) await saveFoundStorage(tx, machine.id, machine.inventory);
}

/** The storage of a machine whose row is locked, as it is to be installed on. */
export async function storageOf(tx: Transaction, machine: Pick<MachineRow, "id" | "inventory">): Promise<Storage> {
  await ensureStorage(tx, machine);
  return (await loadStorages(tx, [machine.id])).get(machine.id) ?? emptyStorage(machine.id);
}

/** `ensureStorage` for every machine that needs it, one transaction each, until `signal`; goes on from a region's start. */
export async function ensureAllStorage(db: Database, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const { rows } = await sql<{ id: string }>`
      select id from machines where inventory is not null and storage > 0
        and not exists (select from machine_storage where machine_id = machines.id)
        and not exists (select from block_devices where machine_id = machines.id) limit 200`.execute(db);
    if (rows.length === 0) return;
    for (const { id } of rows) {
      if (signal.aborted) return;
      await db.transaction().execute(async (tx) => {
        const machine = await tx
          .selectFrom("machines")
          .select(["id", "inventory"])
          .where("id", "=", id)
          .forUpdate()
          .executeTakeFirst();
        // Forgotten meanwhile.
        if (machine === undefined) return;
        await ensureStorage(tx, machine);
        // Also where it has no disk: it was looked at.
        await tx
          .insertInto("machine_storage")
          .values({ machine_id: id })
          .onConflict((conflict) => conflict.column("machine_id").doNothing())
          .execute();
      });
    }
  }
}
