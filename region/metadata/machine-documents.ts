import type { Credentials } from "@rackwright/contract";
import type { Database, Transaction } from "../database/pool.ts";
import { NotFound } from "../errors.ts";
import { fire, lockMachine } from "../machines/fire.ts";
import { touch } from "../machines/touch.ts";
import { type Life, orderOf, taskKind } from "../boot/orders.ts";
import { type MachineIdentity, credentialsFor } from "./access.ts";
import { emptyUserData, vendorData } from "./documents.ts";
import { agentScript } from "./userdata.ts";

/** Whether the machine runs, or shall run, the system it was deployed with: from its disk or from memory. */
const ownSystem = (machine: Life): boolean => ["local", "memory"].includes(orderOf(machine));

/** Whether somebody may log in to the ephemeral system: in rescue mode, and where the machine is to stay on. */
export function opensLogin(machine: Life & { keep_on: boolean }): boolean {
  const task = taskKind(machine);
  return task === "rescue" || (machine.keep_on && (task === "commission" || task === "test"));
}

/**
 * SSH keys, one a line: the owner's for the deployed system; for the ephemeral one, which hardly anybody logs in to,
 * those of the operator who asked for it and of the owner.
 */
async function publicKeys(db: Database, machine: MachineIdentity): Promise<string> {
  const { owner_id, operator_id } = machine;
  const people = ownSystem(machine) ? [owner_id] : opensLogin(machine) ? [operator_id, owner_id] : [];
  const ids = people.filter((id) => id !== null);
  if (ids.length === 0) return "";
  const rows = await db.selectFrom("ssh_keys").select("key").where("user_id", "in", ids).orderBy("id").execute();
  return [...new Set(rows.map(({ key }) => key))].map((key) => `${key}\n`).join("");
}

/** What stands below `meta-data/` for this machine. */
export async function metaData(db: Database, machine: MachineIdentity): Promise<Record<string, string>> {
  return {
    "instance-id": machine.id,
    "local-hostname": machine.hostname,
    "public-keys": await publicKeys(db, machine),
    "vendor-data": vendorData,
  };
}

/**
 * The machine's user data. In the ephemeral system that is the script that starts the agent. A deployed system gets
 * its owner's, and by asking for it proves that it came up: a deploying machine is deployed from then on.
 *
 * @throws NotFound in a status that has none
 */
export async function userData(
  tx: Transaction,
  machineId: string,
  start: { rack: string; bundle: string | null },
  now: Date,
): Promise<string> {
  const machine = await lockMachine(tx, machineId);
  if (taskKind(machine) !== null) {
    const credentials: Credentials = await credentialsFor(tx, machineId, now);
    await touch(tx, machineId, now, "the agent to start");
    return agentScript({ ...start, mode: "task", machineId, credentials });
  }
  if (machine.status === "deploying") {
    await fire(tx, { machineId, trigger: "user-data-read", actor: "machine", now });
    return machine.user_data ?? emptyUserData;
  }
  if (ownSystem(machine)) return machine.user_data ?? emptyUserData;
  throw new NotFound(`There is no user data for a machine that is ${machine.status}.`);
}
