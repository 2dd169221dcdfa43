import type { Command } from "commander";
import { timeline } from "@rackwright/contract";
import type { Phase, PhaseStep, Timeline } from "@rackwright/contract";
import { clientOf, withTarget } from "../context.ts";
import type { CommonOptions, Context } from "../context.ts";
import { findMachine } from "../find.ts";
import { count } from "../options.ts";
import { duration, moment } from "../words.ts";

/** Characters of the longest bar. */
const widest = 30;
const marks = { ok: "✓", failed: "✗", running: "…" } as const;

const lengthOf = ({ started_at, seconds }: Phase | PhaseStep, now: number): number =>
  seconds ?? Math.max(0, (now - Date.parse(started_at)) / 1000);

/** A bar from where the part began to where it ended, within the whole. */
function bar(from: number, length: number, whole: number): string {
  if (whole <= 0) return "";
  const start = Math.min(widest - 1, Math.floor((from / whole) * widest));
  const end = Math.min(widest, Math.max(start + 1, Math.round(((from + length) / whole) * widest)));
  return `${" ".repeat(start)}${"█".repeat(end - start)}`;
}

function line(name: string, part: Phase | PhaseStep, seconds: number, drawn: string): string {
  const { outcome, usual } = part;
  const habit = usual === null ? "" : `usually ${duration(usual.seconds)} (of ${usual.samples})`;
  // Much longer than usual is what somebody who looks at a timeline looks for.
  const slow = usual !== null && seconds > usual.seconds * 1.5 && seconds > usual.seconds + 2 ? "  ← slow" : "";
  return `${marks[outcome]} ${name.padEnd(32)} ${duration(seconds).padStart(12)}  ${drawn.padEnd(widest)}  ${habit}${slow}`.trimEnd();
}

/** A machine's life for people: each phase with its steps, how long they took, and how long they usually take. */
export function timelineLines(told: Timeline, now: number): string[] {
  if (told.phases.length === 0) return ["Nothing has happened to this machine yet."];
  const model = told.model === null ? [] : [`Usual times are those of ${told.model}.`, ""];
  return [
    ...model,
    ...told.phases.flatMap((phase) => {
      const whole = lengthOf(phase, now);
      const began = Date.parse(phase.started_at);
      return [
        `${moment(phase.started_at)}  ${line(phase.name, phase, whole, "").trimEnd()}`,
        ...phase.steps.map((step) => {
          const seconds = lengthOf(step, now);
          const title = step.title.length > 30 ? `${step.title.slice(0, 29)}…` : step.title;
          return `    ${line(title, step, seconds, bar((Date.parse(step.started_at) - began) / 1000, seconds, whole))}`;
        }),
      ];
    }),
  ];
}

/** `rackwright machines timeline`. */
export function timelineCommand(machines: Command, context: Context): void {
  withTarget(machines.command("timeline <machine>").description("phases of a machine's life, with usual times"))
    .option("--last <count>", "only so many of the newest phases", count, 10)
    .action(async (name: string, options: CommonOptions & { last: number }) => {
      const client = clientOf(context, options);
      const { id } = await findMachine(client, name);
      const told = await client.get(`/api/v1/machines/${id}/timeline`, timeline);
      const shown = { ...told, phases: told.phases.slice(-options.last) };
      if (options.json) context.terminal.print(JSON.stringify(shown));
      else for (const text of timelineLines(shown, Date.now())) context.terminal.print(text);
    });
}
