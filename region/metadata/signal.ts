import type { Failure } from "@rackwright/contract";
import { storable } from "../database/pool.ts";
import type { Transaction } from "../database/pool.ts";
import { InputError, StateConflict } from "../errors.ts";
import { appendEvent } from "../events/append.ts";
import { type MachineRow, fire, lockMachine } from "../machines/fire.ts";
import { touch } from "../machines/touch.ts";
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

const longestText = 1_000_000;

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
  result: { name: string; exit_status: number; runtime: number; output: string; error: string } | null;
};

/** The fields of `op=signal`. Throws InputError naming the bad one. */
export function parseSignal(form: readonly FormPart[]): Signal {
  const given = formField(form, "status");
  const status = statuses.find((candidate) => candidate === given);
  if (status === undefined) throw InputError.field("status", given, `must be one of ${statuses.join(", ")}`);
  const name = formField(form, "name");
  const exit = formField(form, "exit_status", "script_result", "result");
  const runtime = Number(formField(form, "runtime") ?? 0);
  const text = (suffix: string): string =>
    storable(
      form.find((part) => part.filename !== null && part.name === `${name}${suffix}`)?.content.toString("utf8") ?? "",
    ).slice(-longestText);
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
      name === undefined || name === "" || exit === undefined
        ? null
        : {
            name: storable(name).slice(0, 100),
            exit_status: Number(exit),
            runtime: Math.round(runtime * 1000) / 1000,
            output: text(".out") || text(""),
            error: text(".err"),
          },
  };
}

function effect(machine: MachineRow, status: SignalStatus) {
  switch (machine.status) {
    case "commissioning":
      if (status === "OK") return "commission-passed" as const;
      return status === "FAILED" || status === "TIMEDOUT" ? ("commission-failed" as const) : null;
    case "deploying":
      if (status !== "FAILED" && status !== "TIMEDOUT") return null;
      return machine.netboot ? ("install-failed" as const) : ("cloudinit-failed" as const);
    case "new":
    case "ready":
    case "allocated":
    case "deployed":
    case "releasing":
    case "failed commissioning":
    case "failed deployment":
    case "failed releasing":
      return null;
  }
}

/** Takes `op=signal` of a script runner on the machine: its result, its sign of life, how its task ended. */
export async function takeSignal(tx: Transaction, machineId: string, signal: Signal, now: Date): Promise<void> {
  const machine = await lockMachine(tx, machineId);
  if (signal.result !== null) {
    await tx
      .insertInto("script_results")
      .values({ machine_id: machineId, ...signal.result, created_at: now })
      .execute();
  }
  const trigger = effect(machine, signal.status);
  await appendEvent(tx, {
    type: "agent.step",
    level: trigger?.endsWith("failed") ? "error" : "info",
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
  if (trigger === null) await touch(tx, machineId, now);
  else await fire(tx, { machineId, trigger, actor: "machine", failure: failureOf(signal), now });
}

function failureOf({ status, error }: Signal): Failure {
  return {
    code: status === "TIMEDOUT" ? "script-timed-out" : "signalled-failure",
    message: error === "" ? `The machine signalled ${status} without a reason.` : `The machine signalled: ${error}`,
    evidence: [],
    next: "Look at the machine's events, script results and console, then try again.",
  };
}

/** Takes `op=netboot_off`: the installer has written the disk. Asked again, or too late, it changes nothing. */
export async function netbootOff(tx: Transaction, machineId: string, now: Date): Promise<void> {
  const machine = await lockMachine(tx, machineId);
  if (machine.status === "deploying" && machine.netboot) {
    await fire(tx, { machineId, trigger: "install-finished", actor: "machine", now });
  } else if (machine.status !== "deploying" && machine.status !== "deployed") {
    throw new StateConflict(`Machine ${machine.hostname} is ${machine.status}: no installation to end.`);
  }
}
