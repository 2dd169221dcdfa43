import { machineNotReady, noMachineAvailable } from "@rackwright/contract";
import type { Architecture } from "@rackwright/contract";
import { sql } from "kysely";
import type { Transaction } from "../database/pool.ts";
import { type BridgeWish, acquireBridges } from "../interfaces/acquire.ts";
import { Denied, NotFound, StateConflict } from "../errors.ts";
import {
  type Condition,
  type PlaceWishes,
  all,
  atLeast,
  ofArchitecture,
  oneOf,
  placeConstraints,
} from "./constraints.ts";
import { type Caller, mayUse, usableMachines, visibleMachines } from "../users/access.ts";
import { fire } from "./fire.ts";
import { deviceCondition } from "./device-wish.ts";
import { parseInterfacesWish } from "./interfaces-wish.ts";
import { offSubnets, onSubnets, onVlans, withInterfaces } from "./network-constraints.ts";
import { mayHaveStorage, storageFor } from "./storage-constraint.ts";
import { type StorageMatch, type StorageWish, parseStorageWish } from "./storage-wish.ts";

export type AllocateRequest = {
  id?: string | undefined;
  hostname?: string | undefined;
  architecture?: Architecture | undefined;
  cpu_count?: number | undefined;
  memory?: number | undefined;
  subnets?: Several;
  not_subnets?: Several;
  vlans?: Several;
  not_vlans?: Several;
  storage?: string | undefined;
  interfaces?: string | undefined;
  devices?: string | undefined;
  agent_name?: string | undefined;
  comment?: string | undefined;
} & PlaceWishes;
type Several = string | string[] | undefined;

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
  const condition = all([
    ...(id === undefined ? [] : [oneOf("id", [id])]),
    ...(hostname === undefined ? [] : [oneOf("hostname", [hostname])]),
    ...(architecture === undefined ? [] : [ofArchitecture("architecture", [architecture])]),
    ...(cpu_count === undefined ? [] : [atLeast("cpu_count", cpu_count)]),
    ...(memory === undefined ? [] : [atLeast("memory", memory)]),
    await placeConstraints(tx, request),
    ...(await hardwareConstraints(tx, request)),
  ]);
  const storage = request.storage === undefined ? [] : parseStorageWish(request.storage);
  const found = await chooseMachine(tx, { condition, caller, storage });
  if (!found) throw await nothingFree(tx, request, caller);
  const { agent_name = "", comment } = request;
  await takeMachine(tx, found.id, { caller, ownerId, now, agent_name, comment });
  return found.id;
}

/** What networks and devices the machine must have and must not have. */
async function hardwareConstraints(tx: Transaction, request: AllocateRequest): Promise<Condition[]> {
  const { subnets, not_subnets, vlans, not_vlans, interfaces, devices } = request;
  const some = (names: Several): string[] => [names ?? []].flat();
  return [
    ...(some(subnets).length > 0 ? [await onSubnets(tx, "subnets", some(subnets))] : []),
    ...(some(not_subnets).length > 0 ? [await offSubnets(tx, some(not_subnets))] : []),
    ...(some(vlans).length > 0 ? [onVlans(some(vlans))] : []),
    ...(some(not_vlans).length > 0 ? [onVlans(some(not_vlans), { none: true })] : []),
    ...(interfaces === undefined ? [] : [withInterfaces(parseInterfacesWish(interfaces))]),
    ...(devices === undefined ? [] : [deviceCondition(devices)]),
  ];
}

/** What a machine must be to be given to somebody. */
export type Choice = {
  /** Whose machine it shall be: only those this user may use count. */
  caller: Caller;
  /** A condition on `machines`. */
  condition: Condition;
  storage?: readonly StorageWish[];
};
export type Chosen = { id: string; storage: StorageMatch };

/** Machines whose storage is looked at in the first round; each further round takes twice as many. */
const firstRound = 50;

/**
 * The smallest Ready machine that fits, locked; machines that somebody else has locked are passed over. Null where none
 * does.
 */
export async function chooseMachine(
  tx: Transaction,
  { caller, condition, storage = [] }: Choice,
): Promise<Chosen | null> {
  const free = all([
    sql<boolean>`machines.status = 'ready'`,
    sql<boolean>`not machines.locked`,
    usableMachines(caller),
    condition,
    ...(storage.length > 0 ? [mayHaveStorage(storage)] : []),
  ]);
  const candidates = tx
    .selectFrom("machines")
    .select("id")
    .where(free)
    .orderBy(sql`coalesce(cpu_count, 0) + coalesce(memory, 0) / 1073741824.0`)
    .orderBy("id");
  if (storage.length === 0) {
    const found = await candidates.limit(1).forUpdate().skipLocked().executeTakeFirst();
    return found ? { id: found.id, storage: {} } : null;
  }
  for (let [from, count] = [0, firstRound]; ; [from, count] = [from + count, count * 2]) {
    const round = (await candidates.offset(from).limit(count).execute()).map(({ id }) => id);
    const fitting = await storageFor(tx, round, storage);
    for (const id of round) {
      const match = fitting.get(id);
      if (match === undefined) continue;
      const locked = tx.selectFrom("machines").select("id").where("id", "=", id).where(free).forUpdate().skipLocked();
      if (await locked.executeTakeFirst()) return { id, storage: match };
    }
    if (round.length < count) return null;
  }
}

/** Gives a machine that was chosen to its new owner, with what he said of it. */
export async function takeMachine(
  tx: Transaction,
  machineId: string,
  {
    caller,
    ownerId,
    now,
    comment,
    agent_name = "",
    bridges = null,
  }: {
    caller: Caller;
    ownerId: number;
    now: Date;
    comment?: string | undefined;
    agent_name?: string;
    bridges?: BridgeWish | null;
  },
): Promise<void> {
  await fire(tx, { machineId, trigger: "allocate", actor: caller.username, caller, ownerId, comment, now });
  if (agent_name !== "") await tx.updateTable("machines").set({ agent_name }).where("id", "=", machineId).execute();
  if (bridges !== null) await acquireBridges(tx, machineId, bridges, now);
}

async function nothingFree(tx: Transaction, request: AllocateRequest, caller: Caller): Promise<Error> {
  const { id, hostname } = request;
  if (id !== undefined || hostname !== undefined) {
    const named = await tx
      .selectFrom("machines")
      .select(["hostname", "status", "pool_id", "owner_id"])
      .where(visibleMachines(caller))
      .$if(id !== undefined, (query) => query.where("id", "=", id ?? ""))
      .$if(hostname !== undefined, (query) => query.where("hostname", "=", hostname ?? ""))
      .executeTakeFirst();
    if (!named) return new NotFound(`There is no machine ${id ?? hostname}.`);
    if (named.status !== "ready")
      return new StateConflict(
        `Machine ${named.hostname} is ${named.status}; only a ready machine can be allocated.`,
        machineNotReady,
      );
    if (!mayUse(caller, named))
      return new Denied(`Only a user or operator of its resource pool may allocate ${named.hostname}.`);
  }
  const { ready } = await tx
    .selectFrom("machines")
    .select((select) => select.fn.countAll<number>().as("ready"))
    .where("status", "=", "ready")
    .where(usableMachines(caller))
    .executeTakeFirstOrThrow();
  const wishes = Object.entries(request).filter(([, value]) => value !== undefined);
  const words = wishes.map(([name, value]) => `${name} ${[value].flat().join(" ")}`).join(", ");
  return new StateConflict(
    words === ""
      ? "No machine is ready."
      : `No ready machine has ${words} (${ready} ${ready === 1 ? "machine is" : "machines are"} ready).`,
    noMachineAvailable,
  );
}
