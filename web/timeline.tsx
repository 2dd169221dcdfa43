import { useState } from "react";
import type { Event } from "@rackwright/contract";
import { clockTime } from "./words.ts";

/** Progress of a step is one line: only its newest report is shown. */
function withoutRepeats(events: readonly Event[]): Event[] {
  const seen = new Set<string>();
  return events.filter((event) => {
    if (event.type !== "agent.progress") return true;
    const step = JSON.stringify(event.data["step"]);
    if (seen.has(step)) return false;
    seen.add(step);
    return true;
  });
}

/** What happened to a machine, newest first. */
export function Timeline({ events }: { events: readonly Event[] }): React.ReactNode {
  const [all, setAll] = useState(false);
  const shown = withoutRepeats(events).filter((event) => all || event.level !== "debug");
  return (
    <>
      <label className="quiet">
        <input type="checkbox" checked={all} onChange={(event) => setAll(event.target.checked)} /> show every packet
      </label>
      <ol className="timeline">
        {shown.map((event) => (
          <li key={event.id} className={event.level}>
            <time dateTime={event.at}>{clockTime(event.at)}</time>
            <span className="kind">{event.type}</span>
            <span>
              {event.message}
              {event.failure === null ? null : <em> {event.failure.next}</em>}
            </span>
          </li>
        ))}
      </ol>
    </>
  );
}
