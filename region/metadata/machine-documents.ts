import type { Credentials } from "@rackwright/contract";
import type { Database, Transaction } from "../database/pool.ts";
import { NotFound } from "../errors.ts";
import { fire, lockMachine } from "../machines/fire.ts";
import { touch } from "../machines/touch.ts";
import { type MachineIdentity, credentialsFor, runsTask } from "./access.ts";
import { emptyUserData, vendorData } from "./documents.ts";
import { agentScript } from "./userdata.ts";

/** The owner's SSH keys, one a line; none for the ephemeral system, which nobody logs in to. */
async function publicKeys(db: Database, machine: MachineIdentity): Promise<string> {
  const installed = machine.status === "deployed" || (machine.status === "deploying" && !machine.netboot);
  if (!installed || machine.owner_id === null) return "";
  const rows = await db
    .selectFrom("ssh_keys")
    .select("key")
    .where("user_id", "=", machine.owner_id)
    .orderBy("id")
    .execute();
  return rows.map(({ key }) => `${key}\n`).join("");
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
 * The machine's user data. In the ephemeral system that is the script that starts the agent. The installed system gets
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
  if (runsTask(machine)) {
    const credentials: Credentials = await credentialsFor(tx, machineId, now);
    await touch(tx, machineId, now, "the agent to start");
    return agentScript({ ...start, mode: "task", machineId, credentials });
  }
  if (machine.status === "deploying") {
    await fire(tx, { machineId, trigger: "user-data-read", actor: "machine", now });
    return machine.user_data ?? emptyUserData;
  }
  if (machine.status === "deployed") return machine.user_data ?? emptyUserData;
  throw new NotFound(`There is no user data for a machine that is ${machine.status}.`);
}
