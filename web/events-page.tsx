import { useEffect, useState } from "react";
import type { Event, Machine } from "@rackwright/contract";
import { listEvents } from "./api.ts";
import { EventList } from "./event-list.tsx";

/** What happens everywhere: the newest events, and those that come. */
export function EventsPage({
  machines,
  recent,
}: {
  machines: readonly Machine[];
  recent: readonly Event[];
}): React.ReactNode {
  const [past, setPast] = useState<readonly Event[]>([]);
  const [problem, setProblem] = useState<string | null>(null);
  const [search, setSearch] = useState("");
  useEffect(() => {
    listEvents().then(
      (page) => setPast(page.items),
      (error: Error) => setProblem(error.message),
    );
  }, []);
  const names = new Map(machines.map(({ id, hostname }) => [id, hostname]));
  const nameOf = ({ machine_id, mac, rack }: Event): string =>
    (machine_id === null ? undefined : (names.get(machine_id) ?? machine_id)) ?? mac ?? rack ?? "";
  const wanted = search.trim().toLowerCase();
  const events = [...new Map([...past, ...recent].map((event) => [event.id, event])).values()]
    .filter((event) => `${event.type} ${event.message} ${nameOf(event)}`.toLowerCase().includes(wanted))
    .toSorted((a, b) => b.id - a.id);
  return (
    <>
      <div className="bar">
        <h1>Events</h1>
        <input
          type="search"
          placeholder="Search type, words, machine"
          aria-label="Search events"
          value={search}
          onChange={(event) => setSearch(event.target.value)}
        />
      </div>
      {problem === null ? null : <p className="failure">{problem}</p>}
      <EventList
        events={events}
        named={(event) =>
          event.machine_id !== null && names.has(event.machine_id) ? (
            <a href={`#/machines/${event.machine_id}`}>{nameOf(event)}</a>
          ) : (
            nameOf(event)
          )
        }
      />
    </>
  );
}
