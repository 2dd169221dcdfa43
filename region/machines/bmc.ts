import type { FoundBmc } from "@rackwright/contract";
import { json } from "../database/pool.ts";
import type { Transaction } from "../database/pool.ts";
import { appendEvent } from "../events/append.ts";

/** Whether the machine's BMC can be asked already: a stranger, as whoever enlists is, then has nothing to say of it. */
export async function hasDriver(tx: Transaction, id: string): Promise<boolean> {
  const machine = await tx
    .selectFrom("machines")
    .select(["power_driver", "power_parameters"])
    .where("id", "=", id)
    .executeTakeFirstOrThrow();
  return machine.power_driver !== null && hasAccount(machine.power_parameters);
}

/** Whether these parameters let us log in. An enlisting machine tells where its BMC is, but has no account there yet. */
export function hasAccount(parameters: Record<string, string>): boolean {
  return parameters["power_user"] !== undefined && parameters["power_pass"] !== undefined;
}

/**
 * Keeps the BMC that was found from inside the machine. Its driver is set with the account, so that no BMC is asked as a
 * user it does not know. Parameters an operator gave for another address or driver stay, with a word in the events.
 */
export async function saveBmc(tx: Transaction, machineId: string, bmc: FoundBmc): Promise<void> {
  const machine = await tx
    .selectFrom("machines")
    .select(["power_driver", "power_parameters", "hostname"])
    .where("id", "=", machineId)
    .executeTakeFirst();
  if (!machine) return;
  const address = bmc.parameters["power_address"] ?? "unknown address";
  const before = machine.power_parameters["power_address"];
  const replace = machine.power_driver !== bmc.driver || before === undefined || before === address;
  const parameters = { ...machine.power_parameters, ...bmc.parameters };
  const managed = machine.power_driver !== bmc.driver && hasAccount(parameters);
  if (replace)
    await tx
      .updateTable("machines")
      .set({
        power_parameters: json(parameters),
        // Nothing was asked yet: the next round of queries does.
        ...(managed && { power_driver: bmc.driver, power_state: "unknown", power_checked_at: null }),
      })
      .where("id", "=", machineId)
      .execute();
  if (replace && before === address && !managed) return;
  await appendEvent(tx, {
    type: "machine.inventory",
    level: replace ? "info" : "warning",
    machine_id: machineId,
    actor: "machine",
    message: replace
      ? `${machine.hostname} has a BMC (${bmc.driver}) at ${address}${managed ? ", with an account for us" : ""}`
      : `${machine.hostname} reports a BMC at ${address}, but its power parameters name ${before}, which were kept`,
    data: { driver: bmc.driver, address },
  });
}
