import { useEffect, useState } from "react";
import type { Phase, PhaseStep, Timeline } from "@rackwright/contract";
import { getTimeline } from "./api.ts";
import { capital, clockTime, duration } from "./words.ts";

const shownPhases = 6;

/** Phases of a machine's life, the newest first: how long each step took, and how long it usually takes. */
export function Phases({ id, changed }: { id: string; changed: unknown }): React.ReactNode {
  const [told, setTold] = useState<Timeline | null>(null);
  useEffect(() => {
    getTimeline(id).then(setTold, () => setTold(null));
  }, [id, changed]);
  const running = told?.phases.at(-1)?.outcome === "running";
  const [, setTick] = useState(0);
  useEffect(() => {
    if (!running) return undefined;
    const timer = setInterval(() => setTick((count) => count + 1), 1000);
    return () => clearInterval(timer);
  }, [running]);
  if (told === null || told.phases.length === 0) return <p className="quiet">Nothing happened to it yet.</p>;
  const now = Date.now();
  return (
    <>
      {told.model === null ? null : <p className="quiet">Usual times are those of {told.model}.</p>}
      {told.phases
        .slice(-shownPhases)
        .toReversed()
        .map((phase, at) => (
          <details key={`${phase.name} ${phase.started_at}`} className="phase" open={at === 0}>
            <summary>
              <Mark outcome={phase.outcome} /> {capital(phase.name)}{" "}
              <span className="quiet">
                {clockTime(phase.started_at)} · {duration(lengthOf(phase, now))}
                {phase.usual === null ? "" : `, usually ${duration(phase.usual.seconds)}`}
              </span>
            </summary>
            {phase.steps.length === 0 ? null : <Steps phase={phase} now={now} />}
          </details>
        ))}
    </>
  );
}

const lengthOf = ({ started_at, seconds }: Phase | PhaseStep, now: number): number =>
  seconds ?? Math.max(0, (now - Date.parse(started_at)) / 1000);

function Mark({ outcome }: { outcome: Phase["outcome"] }): React.ReactNode {
  const [sign, tone] = ({ ok: ["✓", "good"], failed: ["✗", "bad"], running: ["…", "busy"] } as const)[outcome];
  return (
    <span className={tone} role="img" aria-label={outcome}>
      {sign}
    </span>
  );
}

function Steps({ phase, now }: { phase: Phase; now: number }): React.ReactNode {
  const whole = Math.max(0.001, lengthOf(phase, now));
  const began = Date.parse(phase.started_at);
  return (
    <ol className="steps">
      {phase.steps.map((step) => {
        const length = lengthOf(step, now);
        const left = Math.min(99, (Date.parse(step.started_at) - began) / 10 / whole);
        const slow = step.usual !== null && length > step.usual.seconds * 1.5 && length > step.usual.seconds + 2;
        return (
          <li key={`${step.name} ${step.started_at}`}>
            <span>
              <Mark outcome={step.outcome} /> {step.title}
            </span>
            <span className="track">
              <span
                className={step.outcome === "failed" ? "span failed" : "span"}
                style={{ marginLeft: `${left}%`, width: `${Math.min(100 - left, (length / whole) * 100)}%` }}
              />
            </span>
            <span className={slow ? "busy" : "quiet"}>
              {duration(length)}
              {step.usual === null ? "" : `, usually ${duration(step.usual.seconds)}`}
            </span>
          </li>
        );
      })}
    </ol>
  );
}
