import {
  type CommissionRequest,
  type ReleaseRequest,
  type TestRequest,
  makeFailure,
  markedBroken,
} from "@rackwright/contract";
import { eraseAborted } from "@rackwright/contract";
import type { Database, Transaction } from "../database/pool.ts";
import { InputError } from "../errors.ts";
import { type ScriptWish, prepareScripts } from "../scripts/index.ts";
import { readSettings } from "../settings/settings.ts";
import { keepStorage } from "../storage/index.ts";
import { type Caller, type MachineRow, fire, lockMachine } from "./fire.ts";
import type { OperatorTrigger } from "./lifecycle.ts";

export type By = { caller: Caller; now: Date };
type Plain = Exclude<OperatorTrigger, "commission" | "test" | "allocate" | "deploy" | "release">;

/** Actions that need nothing but a comment. Errors as of `fire`. */
export async function ask(
  db: Database,
  machineId: string,
  trigger: Plain,
  comment: string | undefined,
  { caller, now }: By,
): Promise<void> {
  const words = comment ?? "no reason was given";
  const failure =
    trigger === "mark_broken"
      ? makeFailure(markedBroken, `${caller.username} marked it broken: ${words}.`)
      : makeFailure(eraseAborted, `${caller.username} aborted the erasing of its disks: ${words}.`);
  await db.transaction().execute(async (tx) => {
    await fire(tx, { machineId, trigger, actor: caller.username, caller, comment, failure, now });
  });
}

async function prepare(
  tx: Transaction,
  machine: MachineRow,
  type: ScriptWish["type"],
  wish: Pick<ScriptWish, "names" | "parameters">,
  { caller, now }: By,
): Promise<number> {
  const { count } = await prepareScripts(tx, { machine, type, ...wish, requestedBy: caller.username, now });
  return count;
}

/**
 * Takes a machine's inventory anew, with the commissioning scripts, and tests it afterwards.
 *
 * @throws InputError for an unknown script or parameter; errors as of `fire`
 */
export async function commissionMachine(
  db: Database,
  machineId: string,
  request: CommissionRequest,
  by: By,
): Promise<void> {
  const { comment, commissioning_scripts, testing_scripts, keep_on } = request;
  await db.transaction().execute(async (tx) => {
    await fire(tx, { machineId, trigger: "commission", ...who(by), comment, keepOn: keep_on });
    const machine = await lockMachine(tx, machineId);
    await tx
      .updateTable("machines")
      .set({ skip_bmc_config: request.skip_bmc_config ?? false })
      .where("id", "=", machineId)
      .execute();
    await keepStorage(tx, machineId, request.skip_storage ?? false);
    await prepare(
      tx,
      machine,
      "commissioning",
      { names: commissioning_scripts, parameters: request.commissioning_parameters },
      by,
    );
    await prepare(tx, machine, "testing", { names: testing_scripts, parameters: request.testing_parameters }, by);
  });
}

/**
 * Tests a machine's hardware.
 *
 * @throws InputError for an unknown script or parameter, or where nothing would be tested; errors as of `fire`
 */
export async function testMachine(db: Database, machineId: string, request: TestRequest, by: By): Promise<void> {
  const { comment, testing_scripts, parameters, keep_on } = request;
  await db.transaction().execute(async (tx) => {
    const before = await lockMachine(tx, machineId, by.caller);
    await fire(tx, { machineId, trigger: "test", ...who(by), comment, keepOn: keep_on });
    const count = await prepare(tx, before, "testing", { names: testing_scripts, parameters }, by);
    if (count === 0)
      throw InputError.field("testing_scripts", testing_scripts?.join(", "), "names no test that fits this machine");
  });
}

/**
 * Takes a machine back: wiped where it is asked for or set, after the release scripts that are asked for.
 *
 * @throws InputError for an unknown script or parameter; errors as of `fire`
 */
export async function releaseMachine(db: Database, machineId: string, request: ReleaseRequest, by: By): Promise<void> {
  const { comment, parameters = {}, scripts = [] } = request;
  await db.transaction().execute(async (tx) => {
    const defaults = (await readSettings(tx)).release;
    const chosen = request.erase !== undefined || request.secure_erase === true || request.quick_erase === true;
    const { erase, secure_erase, quick_erase } = chosen ? request : defaults;
    const wipes = erase === true || (chosen && (secure_erase === true || quick_erase === true));
    const trigger = scripts.length > 0 ? "release-with-scripts" : wipes ? "erase" : "release";
    const before = await lockMachine(tx, machineId, by.caller);
    await fire(tx, { machineId, trigger, ...who(by), comment, erases: wipes });
    if (trigger === "release") return;
    const wipe = { quick_erase: String(quick_erase ?? false), secure_erase: String(secure_erase ?? false) };
    const names = [...scripts, ...(wipes ? [wipeScript] : [])];
    const values = wipes ? { ...parameters, [wipeScript]: { ...wipe, ...parameters[wipeScript] } } : parameters;
    await prepare(tx, before, "release", { names, parameters: values }, by);
  });
}

/** The built-in release script that erases disks. */
const wipeScript = "wipe-disks";

const who = ({ caller, now }: By) => ({ actor: caller.username, caller, now });
