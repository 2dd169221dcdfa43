import { makeFailure, outOfMemory, scriptNotRun, scriptTimedOut, signalledFailure } from "@rackwright/contract";
import type { Failure, ScriptType } from "@rackwright/contract";
import { orderOf } from "../boot/orders.ts";
import { storable } from "../database/pool.ts";
import type { Transaction } from "../database/pool.ts";
import { InputError, StateConflict } from "../errors.ts";
import { appendEvent } from "../events/append.ts";
import { type MachineRow, fire, lockMachine } from "../machines/fire.ts";
import { touch } from "../machines/touch.ts";
import { type ScriptSignal, concludeScripts, runningType, scriptsVerdict, takeScriptSignal } from "../scripts/index.ts";
import { type FormPart, boundaryOf, parseMultipart } from "./multipart.ts";

const statuses = [
  "OK",
  "FAILED",
  "WORKING",
  "COMMISSIONING",
  "TESTING",
  "TIMEDOUT",
  "INSTALLING",
  "APPLYING_NETCONF",
  "RELEASING",
  "DEPLOYING",
] as const;
type SignalStatus = (typeof statuses)[number];

/** Reads the form of an `op=` request, urlencoded or multipart. Throws InputError for anything else. */
export function parseForm(contentType: string | undefined, body: Buffer): FormPart[] {
  if (contentType !== undefined && /^application\/x-www-form-urlencoded\b/i.test(contentType)) {
    return [...new URLSearchParams(body.toString("utf8"))].map(([name, value]) => ({
      name,
      filename: null,
      content: Buffer.from(value),
    }));
  }
  const boundary = boundaryOf(contentType);
  const parts = boundary === null ? null : parseMultipart(body, boundary);
  if (parts !== null) return parts;
  throw new InputError("The body is not a form.", {
    next: "Send multipart/form-data or application/x-www-form-urlencoded with a field op.",
  });
}

/** The text of a form's field; undefined when it is absent. */
export function formField(form: readonly FormPart[], ...names: string[]): string | undefined {
  return form.find((part) => part.filename === null && names.includes(part.name))?.content.toString("utf8");
}

export type Signal = {
  status: SignalStatus;
  error: string;
  /** What is told of one script; null: nothing is. */
  result: ScriptSignal | null;
};

/** The fields of `op=signal`. Throws InputError naming the bad one. */
export function parseSignal(form: readonly FormPart[]): Signal {
  const given = formField(form, "status");
  const status = statuses.find((candidate) => candidate === given);
  if (status === undefined) throw InputError.field("status", given, `must be one of ${statuses.join(", ")}`);
  const name = formField(form, "name");
  const exit = formField(form, "exit_status", "script_result", "result");
  const runtime = Number(formField(form, "runtime") ?? 0);
  const id = formField(form, "script_result_id");
  if (id !== undefined && !/^[0-9]{1,15}$/.test(id)) throw InputError.field("script_result_id", id, "must be a number");
  const file = (suffix: string): Buffer | null =>
    form.find((part) => part.filename !== null && part.name === `${name}${suffix}`)?.content ?? null;
  if (exit !== undefined && !/^-?[0-9]{1,9}$/.test(exit)) {
    throw InputError.field("exit_status", exit, "must be a whole number");
  }
  if (!(runtime >= 0 && runtime <= 1e9)) {
    throw InputError.field("runtime", formField(form, "runtime"), "must be a number of seconds");
  }
  return {
    status,
    error: storable(formField(form, "error") ?? "").slice(0, 2000),
    result:
      id === undefined && (name === undefined || name === "" || exit === undefined)
        ? null
        : {
            id: id === undefined ? null : Number(id),
            name: storable(name ?? "").slice(0, 200),
            exit_status: exit === undefined ? null : Number(exit),
            runtime,
            out: file(".out") ?? file(""),
            err: file(".err"),
            file: file(".yaml")?.toString("utf8") ?? null,
          },
  };
}

const isFailed = (status: SignalStatus): boolean => status === "FAILED" || status === "TIMEDOUT";

/** What a signal does to the machine's life. Statuses that are not named only take note of it. */
async function applySignal(tx: Transaction, machine: MachineRow, signal: Signal, now: Date): Promise<boolean> {
  const { status } = signal;
  const about = { machineId: machine.id, actor: "machine", now };
  const type = runningType(machine);
  // A script that ran out of time is told with TIMEDOUT, and the runner goes on with the next.
  const failed = status === "FAILED" || (status === "TIMEDOUT" && signal.result === null);
  const failure = failed ? await failureFor(tx, machine.id, type, signal) : null;
  // MAAS's runner signals TESTING once its commissioning scripts are done, and OK after the tests.
  if (type !== null && (failure !== null || status === "OK" || (type === "commissioning" && status === "TESTING"))) {
    const follow = await concludeScripts(tx, machine, type, { failure, now });
    // It ran the tests before it said OK: their verdict is due, too.
    if (follow && status === "OK") await concludeScripts(tx, { ...machine, status: "testing" }, "testing", { now });
    return true;
  }
  if (machine.status === "deploying" && failure !== null) {
    await fire(tx, {
      ...about,
      trigger: orderOf(machine) === "install" ? "install-failed" : "cloudinit-failed",
      failure,
    });
    return true;
  }
  if (machine.status === "entering rescue mode" && (failure !== null || status === "OK" || status === "WORKING")) {
    if (failure === null) await fire(tx, { ...about, trigger: "rescue-entered" });
    else await fire(tx, { ...about, trigger: "rescue-failed", failure });
    return true;
  }
  return false;
}

/** Takes `op=signal` of a script runner on the machine: its result, its sign of life, how its task ended. */
export async function takeSignal(tx: Transaction, machineId: string, signal: Signal, now: Date): Promise<void> {
  const machine = await lockMachine(tx, machineId);
  if (signal.result !== null)
    await takeScriptSignal(tx, machine, signal.status, { ...signal.result, words: signal.error }, now);
  await appendEvent(tx, {
    type: "agent.step",
    level: isFailed(signal.status) ? "error" : "info",
    at: now,
    machine_id: machineId,
    actor: "machine",
    message: `signal ${signal.status}${signal.error === "" ? "" : `: ${signal.error}`}`,
    data: {
      signal: signal.status,
      script: signal.result?.name ?? null,
      exit_status: signal.result?.exit_status ?? null,
    },
  });
  // A script's own end is told with the status of the runner, which goes on.
  if (!(await applySignal(tx, machine, signal, now))) await touch(tx, machineId, now);
}

/** The failed script tells more than the runner's own words. */
async function failureFor(
  tx: Transaction,
  machineId: string,
  type: ScriptType | null,
  signal: Signal,
): Promise<Failure> {
  const verdict = type === null ? null : await scriptsVerdict(tx, machineId, type);
  return verdict === null || verdict.code === scriptNotRun.code ? failureOf(signal) : verdict;
}

function failureOf({ status, error }: Signal): Failure {
  // The agent's starter quotes the kernel when it was killed (userdata.ts).
  if (status === "FAILED" && /\bout of memory\b/i.test(error))
    return makeFailure(outOfMemory, "The machine ran out of memory, and its agent was killed.", [error]);
  return makeFailure(
    status === "TIMEDOUT" ? scriptTimedOut : signalledFailure,
    error === "" ? `The machine signalled ${status} without a reason.` : `The machine signalled: ${error}`,
  );
}

/** Takes `op=netboot_off`: the installer has written the disk. Asked again, or too late, it changes nothing. */
export async function netbootOff(tx: Transaction, machineId: string, now: Date): Promise<void> {
  const machine = await lockMachine(tx, machineId);
  if (orderOf(machine) === "install") {
    await fire(tx, { machineId, trigger: "install-finished", actor: "machine", now });
  } else if (machine.status !== "deploying" && machine.status !== "deployed") {
    throw new StateConflict(`Machine ${machine.hostname} is ${machine.status}: no installation to end.`);
  }
}
