import { machineLocked } from "@rackwright/contract";
import type { z } from "zod";
import { Denied, InputError, NotFound, StateConflict } from "../errors.ts";
import { type Caller, mayOperate, mayUse, mayView } from "../users/access.ts";
import { callerOf, noMatch } from "./common.ts";
import { jsonType } from "./failures.ts";
import { machineById } from "./machine-render.ts";
import { type Answer, type Call, type Operation, operation } from "./operation.ts";

/**
 * What an operation needs of a machine: to see it, to use it as its owner (`edit`), to operate it (`admin`), both while it
 * is not locked; `admin_read` to operate it also while it is; `lock` to use it also while it is.
 */
export type Need = "view" | "edit" | "admin" | "admin_read" | "lock";

export type CalledMachine = Awaited<ReturnType<typeof machineOf>>;

/**
 * The machine in the path.
 *
 * @throws NotFound in MAAS's words; Denied (403) for a machine of somebody else's, and for a locked one
 */
export async function machineOf(call: Call, need: Need) {
  const caller = callerOf(call);
  const machine = await call.db
    .selectFrom("machines")
    .select(["id", "hostname", "status", "owner_id", "pool_id", "locked", "installed", "architecture", "power_driver"])
    .where("id", "=", call.path["system_id"] ?? "")
    .executeTakeFirst();
  if (!machine) throw noMatch("Machine");
  if (!may(caller, machine, need))
    throw new Denied("Forbidden: this machine is not yours to do this with.", 403, { next: undefined });
  if (machine.locked && (need === "edit" || need === "admin"))
    throw new Denied(`Machine ${machine.hostname} is locked.`, 403, machineLocked);
  return machine;
}

function may(caller: Caller, machine: { pool_id: number; owner_id: number | null }, need: Need): boolean {
  if (!mayView(caller, machine)) return false;
  if (need === "view") return true;
  return need === "edit" || need === "lock" ? mayUse(caller, machine) : mayOperate(caller, machine);
}

/** Who asks and when, for the functions of `region/machines`. */
export const byCaller = (call: Call): { caller: Caller; now: Date } => ({
  caller: callerOf(call),
  now: call.clock.now(),
});

/** A machine as clients see it. */
export async function showMachine(call: Call, id: string): Promise<Answer> {
  return machineWith(call, id, null);
}

/** The same with what an allocation chose. */
export async function machineWith(call: Call, id: string, constraints: object | null): Promise<Answer> {
  const bytes = await machineById(call.db, id, call.clock.now(), JSON.stringify(constraints));
  if (bytes === null) throw noMatch("Machine");
  return { bytes, type: jsonType };
}

/** Does something to the machine in the path, and shows it as it is then. What is refused is told in MAAS's statuses. */
export function machineAction<S extends z.ZodObject>(
  title: string,
  need: Need,
  parameters: S,
  run: (call: Call, machine: CalledMachine, parameters: z.output<S>) => Promise<void>,
  more: Partial<Pick<Operation, "limit" | "access">> = {},
): Operation {
  return operation({
    access: "user",
    title,
    parameters,
    ...more,
    run: async (call, values) => {
      const machine = await machineOf(call, need);
      await inMaasWords(run(call, machine, values));
      return showMachine(call, machine.id);
    },
  });
}

/** A machine that was locked meanwhile is 403 and one that was deleted 404, as when it is found so at first. */
export async function inMaasWords<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof StateConflict && error.code === machineLocked.code)
      throw new Denied(error.message, 403, machineLocked);
    if (error instanceof NotFound && error.message.startsWith("There is no machine")) throw noMatch("Machine");
    throw error;
  }
}

/** Refusals by the machine's state as those of a form. */
export async function stateAsForm<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof StateConflict && error.code !== machineLocked.code)
      throw new InputError(error.message, { failures: [{ field: "__all__", allowed: error.message }], cause: error });
    throw error;
  }
}

/** The same refusal with its fields called as clients call them. */
export async function withFieldNames<T>(names: Readonly<Record<string, string>>, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof InputError) || error.failures === undefined) throw error;
    const failures = error.failures.map((failure) => ({ ...failure, field: names[failure.field] ?? failure.field }));
    throw new InputError(error.message, { failures, cause: error });
  }
}
