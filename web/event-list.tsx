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

/** What happened, newest first; `named` shows whom it happened to. */
export function EventList({
  events,
  named,
}: {
  events: readonly Event[];
  named?: (event: Event) => React.ReactNode;
}): React.ReactNode {
  const [all, setAll] = useState(false);
  const shown = withoutRepeats(events).filter((event) => all || event.level !== "debug");
  return (
    <>
      <label className="quiet">
        <input type="checkbox" checked={all} onChange={(event) => setAll(event.target.checked)} /> show every packet
      </label>
      {shown.length === 0 ? <p className="quiet">Nothing happened yet.</p> : null}
      <ol className={named ? "timeline named" : "timeline"}>
        {shown.map((event) => (
          <li key={event.id} className={event.level}>
            <time dateTime={event.at} title={event.at}>
              {clockTime(event.at)}
            </time>
            <span className="kind">{event.type}</span>
            {named ? <span>{named(event)}</span> : null}
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
