import type { AgentReport } from "@rackwright/contract";
import type { Progress } from "../database/tables/machines.ts";
import type { NewEvent } from "../events/append.ts";
import type { MachineRow } from "../machines/fire.ts";

/** What one report says, as events; none for what is kept elsewhere. */
export function eventOf(machine: MachineRow, report: AgentReport, run: string): NewEvent[] {
  const about = { machine_id: machine.id, mac: machine.boot_mac, actor: "machine", data: { run, at: report.at } };
  const event = (type: NewEvent["type"], message: string, rest: Partial<NewEvent> = {}): NewEvent[] => [
    { ...about, type, message, ...rest, data: { ...about.data, ...rest.data } },
  ];
  switch (report.kind) {
    case "started":
      return event("agent.started", `agent started: ${report.task}, ${report.uptime.toFixed(1)} s after the kernel`, {
        data: { task: report.task, agent: report.agent, uptime: report.uptime },
      });
    case "step":
      return event("agent.step", `${report.title}: ${report.state}`, {
        level: report.state === "failed" ? "error" : "info",
        data: { step: report.step, title: report.title, state: report.state, seconds: report.seconds ?? null },
        failure: report.failure ?? null,
      });
    case "progress":
      return event("agent.progress", `${report.step} ${report.percent}%: ${report.message}`, {
        level: "debug",
        data: { step: report.step, percent: report.percent },
      });
    case "result":
      return event("agent.result", `${report.name} ended with ${report.exit_status}`, {
        level: report.exit_status === 0 ? "info" : "warning",
        data: { name: report.name, exit_status: report.exit_status, seconds: report.runtime },
      });
    case "log":
      return event("agent.log", report.lines[0] ?? "", { level: "debug", data: { lines: report.lines } });
    case "finished":
      return event("agent.finished", `agent finished: ${report.outcome}`, {
        level: report.outcome === "ok" ? "info" : "error",
        data: { outcome: report.outcome },
        failure: report.failure ?? null,
      });
    case "inventory":
    case "bmc":
    case "script":
    case "output":
    case "heartbeat":
      return [];
  }
}

/** How far the machine's task is, after these reports. */
export function progressOf(machine: MachineRow, reports: readonly AgentReport[]): Progress | null {
  let progress = machine.progress;
  for (const report of reports) {
    if (report.kind === "started") progress = { step: "start", title: "Agent started", percent: null };
    if (report.kind === "step") {
      const percent = report.state === "done" ? 100 : report.state === "started" ? 0 : (progress?.percent ?? null);
      progress = { step: report.step, title: report.title, percent };
    }
    if (report.kind === "progress") {
      const title = progress?.step === report.step ? progress.title : report.step;
      progress = { step: report.step, title, percent: report.percent };
    }
  }
  return progress;
}
