import { cloudinitFailed, makeFailure } from "@rackwright/contract";
import type { Failure } from "@rackwright/contract";
import { z } from "zod";
import { orderOf } from "../boot/orders.ts";
import type { Transaction } from "../database/pool.ts";
import { InputError } from "../errors.ts";
import { appendEvent } from "../events/append.ts";
import { type MachineRow, fire, lockMachine } from "../machines/fire.ts";
import { touch } from "../machines/touch.ts";
import { concludeScripts, keepResult, runningType } from "../scripts/index.ts";

/** What cloud-init's and curtin's webhook reporters send. */
const statusReport = z.object({
  event_type: z.enum(["start", "finish"]),
  origin: z.string().max(64),
  name: z.string().max(255),
  description: z.string().max(10_000),
  timestamp: z.number().optional(),
  result: z.string().max(32).optional(),
  duration: z.number().optional(),
  level: z.string().max(32).optional(),
  files: z
    .array(
      z.object({
        path: z.string().max(4096),
        encoding: z.string(),
        content: z.string(),
        compression: z.string().optional(),
      }),
    )
    .max(16)
    .optional(),
});
export type StatusReport = z.infer<typeof statusReport>;

/** Reads the JSON body of a status webhook. Throws InputError naming the bad field. */
export function parseStatus(body: Buffer): StatusReport {
  let value: unknown;
  try {
    value = JSON.parse(body.toString("utf8"));
  } catch (error) {
    throw new InputError("The body is not JSON.", { cause: error, next: "Send one status report as a JSON object." });
  }
  const parsed = statusReport.safeParse(value);
  if (parsed.success) return parsed.data;
  const failures = parsed.error.issues.map(({ path, message }) => ({
    field: path.join(".") || "body",
    allowed: message,
  }));
  const [first] = failures;
  throw new InputError(`${first?.field}: ${first?.allowed}`, { failures });
}

const isFailure = (report: StatusReport): boolean => report.result?.toUpperCase().startsWith("FAIL") ?? false;

function level(report: StatusReport): "debug" | "info" | "warning" {
  if (isFailure(report) || report.result?.toUpperCase() === "WARN") return "warning";
  return report.name.includes("/") ? "debug" : "info";
}

/**
 * Records one report of the machine's cloud-init: an event, a sign of life, files as results. A stage that ends in FAIL
 * ends what the machine is doing; in the ephemeral system only the stage that runs the agent counts.
 */
export async function recordStatus(tx: Transaction, machineId: string, report: StatusReport, now: Date): Promise<void> {
  const machine = await lockMachine(tx, machineId);
  const result = report.result === undefined ? "" : `: ${report.result}`;
  await appendEvent(tx, {
    type: "cloudinit.progress",
    level: level(report),
    at: now,
    machine_id: machineId,
    actor: "machine",
    message: `${report.origin} ${report.event_type} ${report.name}${result}: ${report.description}`,
    data: {
      origin: report.origin,
      name: report.name,
      event_type: report.event_type,
      result: report.result ?? null,
      timestamp: report.timestamp ?? null,
    },
  });
  await saveFiles(tx, machine, report, now);
  const ended = report.event_type === "finish" && isFailure(report) && !report.name.includes("/");
  if (!ended || !(await fail(tx, machine, report, now))) await touch(tx, machineId, now);
}

/** Ends what the machine does, unless another stage than the agent's failed in the ephemeral system. */
async function fail(tx: Transaction, machine: MachineRow, report: StatusReport, now: Date): Promise<boolean> {
  const failure = failureOf(report);
  const installing = machine.status === "deploying";
  const installer = orderOf(machine) === "install";
  if (report.name !== "modules-final" && !(installing && !installer)) return false;
  const type = runningType(machine);
  if (type !== null) await concludeScripts(tx, machine, type, { failure, now });
  else if (installing) {
    const trigger = installer ? "install-failed" : "cloudinit-failed";
    await fire(tx, { machineId: machine.id, trigger, actor: "machine", failure, now });
  } else if (machine.status === "entering rescue mode")
    await fire(tx, { machineId: machine.id, trigger: "rescue-failed", actor: "machine", failure, now });
  else return false;
  return true;
}

function failureOf(report: StatusReport): Failure {
  return makeFailure(
    cloudinitFailed,
    `${report.origin} on the machine reported that its stage ${report.name} failed.`,
    [report.description],
  );
}

async function saveFiles(tx: Transaction, machine: MachineRow, report: StatusReport, now: Date): Promise<void> {
  for (const file of report.files ?? []) {
    // Compressed logs are an option of the sender that nobody in the field uses; only plain ones are kept.
    if (file.encoding !== "base64" || file.compression !== undefined) continue;
    const out = Buffer.from(file.content, "base64");
    await keepResult(tx, machine, { name: file.path.slice(-200), out, err: Buffer.alloc(0) }, now);
  }
}
