import { machineNotReady, noMachineAvailable } from "@rackwright/contract";
import type { Architecture } from "@rackwright/contract";
import { sql } from "kysely";
import type { Transaction } from "../database/pool.ts";
import { NotFound, StateConflict } from "../errors.ts";
import { type PlaceWishes, placeConstraints } from "./constraints.ts";
import { type Caller, fire } from "./fire.ts";

export type AllocateRequest = {
  id?: string | undefined;
  hostname?: string | undefined;
  architecture?: Architecture | undefined;
  cpu_count?: number | undefined;
  memory?: number | undefined;
} & PlaceWishes;

/**
 * Gives a Ready machine to somebody: the smallest that has everything asked for. Machines another request takes at this
 * moment are passed over, so two requests never get the same one. Returns its id.
 *
 * @throws NotFound for an unknown id or hostname, InputError for an unknown zone, pool or tag, StateConflict when no
 *   machine is free
 */
export async function allocateMachine(
  tx: Transaction,
  request: AllocateRequest,
  { caller, ownerId, now }: { caller: Caller; ownerId: number; now: Date },
): Promise<string> {
  const { id, hostname, architecture, cpu_count, memory } = request;
  const constraints = await placeConstraints(tx, request);
  const found = await tx
    .selectFrom("machines")
    .select("id")
    .where("status", "=", "ready")
    .$if(id !== undefined, (query) => query.where("id", "=", id ?? ""))
    .$if(hostname !== undefined, (query) => query.where("hostname", "=", hostname ?? ""))
    .$if(architecture !== undefined, (query) => query.where("architecture", "=", architecture ?? null))
    .$if(cpu_count !== undefined, (query) => query.where("cpu_count", ">=", cpu_count ?? 0))
    .$if(memory !== undefined, (query) => query.where("memory", ">=", memory ?? 0))
    .where(constraints)
    .orderBy(sql`coalesce(cpu_count, 0) + coalesce(memory, 0) / 1073741824.0`)
    .orderBy("id")
    .limit(1)
    .forUpdate()
    .skipLocked()
    .executeTakeFirst();
  if (!found) throw await nothingFree(tx, request);
  await fire(tx, { machineId: found.id, trigger: "allocate", actor: caller.username, caller, ownerId, now });
  return found.id;
}

async function nothingFree(tx: Transaction, request: AllocateRequest): Promise<Error> {
  const { id, hostname } = request;
  if (id !== undefined || hostname !== undefined) {
    const named = await tx
      .selectFrom("machines")
      .select(["hostname", "status"])
      .$if(id !== undefined, (query) => query.where("id", "=", id ?? ""))
      .$if(hostname !== undefined, (query) => query.where("hostname", "=", hostname ?? ""))
      .executeTakeFirst();
    if (!named) return new NotFound(`There is no machine ${id ?? hostname}.`);
    if (named.status !== "ready")
      return new StateConflict(
        `Machine ${named.hostname} is ${named.status}; only a ready machine can be allocated.`,
        machineNotReady,
      );
  }
  const { ready } = await tx
    .selectFrom("machines")
    .select((select) => select.fn.countAll<number>().as("ready"))
    .where("status", "=", "ready")
    .executeTakeFirstOrThrow();
  const wishes = Object.entries(request).filter(([, value]) => value !== undefined);
  const words = wishes.map(([name, value]) => `${name} ${[value].flat().join(" ")}`).join(", ");
  return new StateConflict(
    words === "" ? "No machine is ready." : `No ready machine has ${words} (${ready} machines are ready).`,
    noMachineAvailable,
  );
}
