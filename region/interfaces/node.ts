import type { MachineStatus } from "@rackwright/contract";
import { machineLocked } from "@rackwright/contract";
import type { Kysely } from "kysely";
import type { Transaction } from "../database/pool.ts";
import type { Tables } from "../database/tables.ts";
import { visibleDevices } from "../devices/read.ts";
import { Denied, NotFound, StateConflict } from "../errors.ts";
import { type Caller, mayOperate, mayView } from "../users/access.ts";

/** Who owns network interfaces: a machine, or a device. */
export type Node = { id: string; hostname: string; owner_id: number | null } & (
  | { kind: "machine"; status: MachineStatus; locked: boolean; pool_id: number }
  | { kind: "device" }
);

/** Statuses of a machine in which its network may be set up. */
export const changeable: readonly MachineStatus[] = ["new", "ready", "allocated", "failed testing", "broken"];

/**
 * The machine or device of this id.
 *
 * @param lock holds the row for the rest of the transaction
 * @throws NotFound, also for a machine the caller may not know of; `hidden` makes that Denied
 */
export async function readNode(
  db: Kysely<Tables>,
  id: string,
  caller: Caller,
  { lock = false, hidden = "not found" }: { lock?: boolean; hidden?: "not found" | "denied" } = {},
): Promise<Node> {
  const machine = await db
    .selectFrom("machines")
    .select(["id", "hostname", "owner_id", "status", "locked", "pool_id"])
    .where("id", "=", id)
    .$if(lock, (query) => query.forUpdate())
    .executeTakeFirst();
  if (machine !== undefined && mayView(caller, machine)) return { kind: "machine", ...machine };
  if (machine !== undefined && hidden === "denied") throw new Denied("You may not see this machine.");
  const device = await db
    .selectFrom("devices")
    .select(["id", "hostname", "owner_id"])
    .where("id", "=", id)
    .where(visibleDevices(caller))
    .$if(lock, (query) => query.forUpdate())
    .executeTakeFirst();
  if (device !== undefined) return { kind: "device", ...device };
  throw new NotFound(`There is no machine or device ${id}.`, { next: "List machines or devices to see their ids." });
}

/** Whether the caller may change the device: his, nobody's, or he is an administrator. */
export const mayChangeDevice = (caller: Caller, { owner_id }: { owner_id: number | null }): boolean =>
  caller.administrator || owner_id === null || owner_id === caller.id;

/** @throws Denied, StateConflict where the machine is locked */
export function requireChange(node: Node, caller: Caller): void {
  if (node.kind === "device") {
    if (mayChangeDevice(caller, node)) return;
    throw new Denied(`Only its owner or an administrator may change the device ${node.hostname}.`);
  }
  if (!mayOperate(caller, node))
    throw new Denied(
      `Only an administrator, or an operator of its resource pool, may change the network of ${node.hostname}.`,
    );
  if (node.locked) throw new StateConflict(`Machine ${node.hostname} is locked.`, machineLocked);
}

/** @throws StateConflict unless the node's network may be set up now; `also` names a further status that allows it */
export function requireChangeable(node: Node, also: readonly MachineStatus[] = []): void {
  if (node.kind === "device" || [...changeable, ...also].includes(node.status)) return;
  throw new StateConflict(
    `The network of ${node.hostname} cannot be changed while it is ${node.status}; it must be ${[...changeable, ...also].join(", ")}.`,
    { next: "Release the machine first, or wait until it is done." },
  );
}

/** The node, locked, whose network the caller is about to change. Errors as of the three above. */
export async function lockNode(
  tx: Transaction,
  id: string,
  caller: Caller,
  also: readonly MachineStatus[] | "any status" = [],
): Promise<Node> {
  const node = await readNode(tx, id, caller, { lock: true });
  requireChange(node, caller);
  if (also !== "any status") requireChangeable(node, also);
  return node;
}

/** Columns that say whose an interface is. */
export const ownerOf = (node: Node) =>
  node.kind === "machine" ? { machine_id: node.id, device_id: null } : { machine_id: null, device_id: node.id };
