import type { NewEvent } from "../events/append.ts";
import type { MachineRow } from "../machines/fire.ts";
import { failedStatuses } from "./runs.ts";
import type { RunEnd } from "./reported.ts";

type Named = { id: number; name: string; device: string | null };
const titleOf = ({ name, device }: Named) => (device === null ? name : `${name} (${device})`);

/** Says that a run began. */
export function begunEvent(machine: Pick<MachineRow, "id" | "boot_mac">, row: Named, now: Date): NewEvent {
  return {
    type: "agent.step",
    at: now,
    machine_id: machine.id,
    mac: machine.boot_mac,
    actor: "machine",
    message: `${titleOf(row)}: started`,
    data: { step: row.name, title: titleOf(row), state: "started", result_id: row.id },
  };
}

/** Says how a run ended. */
export function endedEvent(
  machine: Pick<MachineRow, "id" | "boot_mac">,
  row: Named,
  end: Omit<RunEnd, "error"> & { error: string | null },
  now: Date,
): NewEvent {
  const bad = failedStatuses.some((status) => status === end.status) || end.status === "degraded";
  return {
    type: "agent.result",
    level: bad ? "warning" : "info",
    at: now,
    machine_id: machine.id,
    mac: machine.boot_mac,
    actor: "machine",
    message: `${titleOf(row)}: ${end.status}${end.error ? `: ${end.error}` : ""}`,
    data: {
      name: row.name,
      result_id: row.id,
      device: row.device,
      status: end.status,
      exit_status: end.exit_status ?? null,
      seconds: end.runtime ?? null,
    },
  };
}
