import { machineLocked } from "@rackwright/contract";
import { randomUUID } from "node:crypto";
import type { Database, Transaction } from "../database/pool.ts";
import { Denied, NotFound, StateConflict } from "../errors.ts";
import { type Fields, appendAudit } from "../events/audit.ts";
import { json } from "../database/pool.ts";
import { type MachineRow, lockMachine } from "../machines/fire.ts";
import { type Caller, mayOperate, mayUse, mayView } from "../users/access.ts";
import { usedFor } from "./describe.ts";
import { ensureStorage } from "./commissioned.ts";
import { type Maker, type Storage, maker, partitionName, partitionsOf } from "./model.ts";
import { settle } from "./settle.ts";
import { loadStorages, saveStorage } from "./store.ts";

/**
 * What a change needs: `layout`, an operator and a ready machine; `disk`, also a deployed one; `restore`, also one whose
 * tests failed; `filesystem`, an operator and a ready machine, or the owner of an allocated one; `label`, an operator,
 * whatever the machine does.
 */
export type Need = "layout" | "disk" | "restore" | "filesystem" | "label";

export type StorageChange<T> = {
  machineId: string;
  caller: Caller;
  now: Date;
  need: Need;
  /** What is done, for the audit: "created partition on sda". */
  what: string;
  apply: (storage: Storage, make: Maker, machine: MachineRow, tx: Transaction) => T | Promise<T>;
};

/** How a storage is told in the audit: what each device and partition is used for. */
function told(storage: Storage): Fields {
  const lines: [string, string][] = [];
  for (const device of storage.devices) {
    lines.push([device.name, `${device.size} bytes, ${usedFor(storage, { device, partition: null })}`]);
    for (const partition of partitionsOf(storage, device))
      lines.push([
        partitionName(device, partition),
        `${partition.size} bytes, ${usedFor(storage, { device, partition })}`,
      ]);
  }
  const special = storage.filesystems.filter((one) => one.device_id === null && one.partition_id === null);
  for (const { fstype, mount_point } of special) lines.push([`${fstype} at ${mount_point}`, "mounted"]);
  return {
    ...Object.fromEntries(lines),
    "boot disk": storage.devices.find(({ id }) => id === storage.bootDiskId)?.name,
  };
}

/** Of a machine the caller may know of. @throws Denied, StateConflict unless the caller may make such a change, and the machine is in a status for it */
export function requireChangeable(machine: MachineRow, caller: Caller, need: Need): void {
  const operates = mayOperate(caller, machine);
  const owns = need === "filesystem" && machine.owner_id === caller.id && mayUse(caller, machine);
  if (!operates && !owns)
    throw new Denied(`Only an administrator or operator may change the storage of ${machine.hostname}.`);
  if (machine.locked)
    throw new StateConflict(`Machine ${machine.hostname} is locked, its storage cannot be changed.`, machineLocked);
  const { status } = machine;
  const also = { layout: null, label: status, disk: "deployed", restore: "failed testing", filesystem: "allocated" }[
    need
  ];
  if ((status === "ready" && operates) || status === also) return;
  const wanted = also === null ? "ready" : `ready or ${also}`;
  throw new StateConflict(
    `Machine ${machine.hostname} is ${status}: its storage can be changed only when it is ${wanted}.`,
    {
      next: status === "deployed" ? "Release the machine first." : `Change it when the machine is ${wanted}.`,
    },
  );
}

/**
 * Changes the storage of one machine, whole or not at all, and records it. Returns what `apply` made and the storage as
 * it is now; what `apply` made has its ids then.
 *
 * @throws NotFound, Denied, StateConflict, InputError
 */
export async function changeStorage<T>(
  db: Database,
  change: StorageChange<T>,
): Promise<{ made: T; storage: Storage; machine: MachineRow }> {
  return db.transaction().execute((tx) => changeStorageIn(tx, change));
}

/** `changeStorage` in a transaction that does more. */
export async function changeStorageIn<T>(
  tx: Transaction,
  { machineId, caller, now, need, what, apply }: StorageChange<T>,
): Promise<{ made: T; storage: Storage; machine: MachineRow }> {
  const machine = await lockMachine(tx, machineId, caller);
  requireChangeable(machine, caller, need);
  await ensureStorage(tx, machine);
  const before = (await loadStorages(tx, [machineId])).get(machineId);
  if (before === undefined) throw new Error(`machine ${machineId} is locked and not there`);
  const storage = structuredClone(before);
  const made = await apply(storage, maker(randomUUID), machine, tx);
  settle(storage, before);
  if (need === "filesystem" && machine.status === "allocated") await rememberFilesystems(tx, before);
  await saveStorage(tx, before, storage);
  await appendAudit(tx, {
    type: "machine.action",
    at: now,
    machine_id: machineId,
    actor: caller.username,
    message: `${caller.username} ${what} of ${machine.hostname}`,
    before: told(before),
    after: told(storage),
    data: { action: "storage" },
  });
  return { made, storage, machine };
}

/** What the owner of an allocated machine does to filesystems ends with the allocation: keeps what was before. */
async function rememberFilesystems(tx: Transaction, before: Storage): Promise<void> {
  const unowned = json(before.filesystems);
  await tx
    .insertInto("machine_storage")
    .values({ machine_id: before.machineId, boot_disk_id: before.bootDiskId, unowned })
    .onConflict((conflict) =>
      conflict.column("machine_id").doUpdateSet({ unowned }).where("machine_storage.unowned", "is", null),
    )
    .execute();
}

/** The storage of one machine. @throws NotFound also where the caller may not know of the machine */
export async function readStorage(
  db: Database,
  machineId: string,
  caller: Caller,
): Promise<{ storage: Storage; machine: Pick<MachineRow, "id" | "hostname" | "status"> }> {
  const machine = await db
    .selectFrom("machines")
    .select(["id", "hostname", "status", "pool_id", "owner_id"])
    .where("id", "=", machineId)
    .executeTakeFirst();
  const storage = (await loadStorages(db, machine ? [machineId] : [])).get(machineId);
  if (machine === undefined || storage === undefined || !mayView(caller, machine))
    throw new NotFound(`There is no machine ${machineId}.`, { next: "List machines to see their ids." });
  return { storage, machine };
}
