import { type MachineTakeOver, defaultPlace } from "@rackwright/contract";
import type { Database, Transaction } from "../database/pool.ts";
import { InputError, StateConflict } from "../errors.ts";
import { appendAudit } from "../events/audit.ts";
import { setTags } from "../tags/give.ts";
import { readUser } from "../users/users.ts";
import type { By } from "./ask.ts";
import { applyChange } from "./change.ts";
import { insertMachine } from "./create.ts";
import { renewCredentials } from "./credentials.ts";

/** Statuses in which a machine is somebody's. */
const owned: readonly MachineTakeOver["status"][] = ["reserved", "allocated", "deployed", "failed deployment"];

/**
 * Takes a machine over from another tool, as it stands there: what is deployed stays deployed, and nothing is asked of
 * it or of its BMC. Returns its id, which is the one it had where that is free.
 *
 * @throws InputError for an owner that is missing, or a name that is not known, StateConflict for what is taken
 */
export async function takeOver(db: Database, wish: MachineTakeOver, { caller, now }: By): Promise<string> {
  const { id, hostname, architecture, interfaces, status, zone, pool = defaultPlace, tags, locked } = wish;
  if (owned.includes(status) && wish.owner === undefined)
    throw InputError.field("owner", undefined, `must be given: a machine that is ${status} is somebody's`);
  return db.transaction().execute(async (tx) => {
    await requireFree(tx, id);
    const ownerId = wish.owner === undefined || !owned.includes(status) ? null : (await readUser(tx, wish.owner)).id;
    const { power_driver: powerDriver, power_parameters: powerParameters } = wish;
    const made = await insertMachine(tx, { id, hostname, architecture, powerDriver, powerParameters, interfaces, now });
    await applyChange(tx, made.id, {
      pool,
      description: wish.description,
      ...(zone !== undefined && { zone }),
      ...(wish.cpu_count !== undefined && { stated_cpu_count: wish.cpu_count }),
      ...(wish.memory !== undefined && { stated_memory: wish.memory }),
    });
    const deployed = status === "deployed";
    await tx
      .updateTable("machines")
      .set({
        status,
        owner_id: ownerId,
        locked,
        ...(deployed && { installed: true, netboot: false, image: wish.image }),
      })
      .where("id", "=", made.id)
      .execute();
    if (deployed) await renewCredentials(tx, made.id, now);
    await setTags(tx, [made.id], { add: tags });
    const { power_parameters: _, ...told } = wish;
    await appendAudit(tx, {
      type: "machine.action",
      at: now,
      machine_id: made.id,
      mac: interfaces[0]?.mac ?? null,
      actor: caller.username,
      message: `${caller.username} took ${hostname} over, ${status}`,
      after: { ...told, id: made.id },
      data: { action: "take-over" },
    });
    return made.id;
  });
}

async function requireFree(tx: Transaction, id: string | undefined): Promise<void> {
  if (id === undefined) return;
  const taken = await tx.selectFrom("machines").select("hostname").where("id", "=", id).executeTakeFirst();
  if (taken)
    throw new StateConflict(`The system id ${id} belongs to machine ${taken.hostname} already.`, {
      next: "Leave id out: the machine gets a new one.",
    });
}
