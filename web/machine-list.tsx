import { useState } from "react";
import type { Machine } from "@rackwright/contract";
import { Progress } from "./progress.tsx";
import { capital, diskSize, gibibytes, tone } from "./words.ts";

export function MachineList({ machines, loaded }: { machines: readonly Machine[]; loaded: boolean }): React.ReactNode {
  const [search, setSearch] = useState("");
  const [status, setStatus] = useState<Machine["status"] | null>(null);
  const wanted = search.trim().toLowerCase();
  const shown = machines.filter(
    (machine) =>
      (status === null || machine.status === status) &&
      [machine.hostname, machine.id, machine.status, machine.owner ?? "", machine.zone, machine.pool]
        .concat(machine.macs, machine.addresses, machine.tags)
        .some((text) => text.toLowerCase().includes(wanted)),
  );
  const counts = Map.groupBy(machines, (machine) => machine.status);
  // The one that is chosen stays, so that it can be taken back. What needs somebody comes first.
  const urgency = ["bad", "busy", "idle", "good"];
  const statuses = [...new Set([...counts.keys(), ...(status === null ? [] : [status])])].toSorted(
    (a, b) => urgency.indexOf(tone(a)) - urgency.indexOf(tone(b)) || a.localeCompare(b),
  );
  return (
    <>
      <div className="bar">
        <h1>Machines</h1>
        <ul className="counts">
          {statuses.map((one) => (
            <li key={one}>
              <button
                type="button"
                className={`chip ${tone(one)}`}
                aria-pressed={one === status}
                onClick={() => setStatus(one === status ? null : one)}
              >
                {counts.get(one)?.length ?? 0} {one}
              </button>
            </li>
          ))}
        </ul>
        <input
          type="search"
          placeholder="Search name, tag, MAC …"
          aria-label="Search machines"
          value={search}
          onChange={(event) => setSearch(event.target.value)}
        />
      </div>
      {!loaded ? (
        <p className="quiet">Loading …</p>
      ) : machines.length === 0 ? (
        <p className="quiet empty">
          No machine yet. Power one on in a network Rackwright serves and it shows up here, or try{" "}
          <code>rackwright demo</code>.
        </p>
      ) : shown.length === 0 ? (
        <p className="quiet empty">No machine is like that.</p>
      ) : (
        <table>
          <thead>
            <tr>
              <th>Machine</th>
              <th>Status</th>
              <th>Now</th>
              <th>Power</th>
              <th>CPUs</th>
              <th>Memory</th>
              <th>Disks</th>
              <th>Address</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((machine) => (
              <tr key={machine.id}>
                <td>
                  <a href={`#/machines/${machine.id}`}>{machine.hostname}</a>
                </td>
                <td>
                  <span className={`chip ${tone(machine.status)}`}>{capital(machine.status)}</span>
                  {machine.locked ? <span className="quiet"> locked</span> : null}
                </td>
                <td className="now">
                  {machine.failure ? (
                    <span className="bad-text">{machine.failure.message}</span>
                  ) : (
                    <Progress machine={machine} />
                  )}
                </td>
                <td>{machine.power_state}</td>
                <td>{machine.cpu_count ?? "–"}</td>
                <td>{gibibytes(machine.memory)}</td>
                <td>{diskSize(machine.storage)}</td>
                <td>{machine.addresses.join(", ") || "–"}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </>
  );
}
