import { useState } from "react";
import type { Machine } from "@rackwright/contract";
import type { Session } from "./api.ts";
import { Progress } from "./progress.tsx";
import { capital, gibibytes, tone } from "./words.ts";

export function MachineList({ machines }: { machines: readonly Machine[]; session: Session }): React.ReactNode {
  const [search, setSearch] = useState("");
  const wanted = search.trim().toLowerCase();
  const shown = machines.filter((machine) =>
    [machine.hostname, machine.id, machine.status, ...machine.macs, ...machine.addresses].some((text) =>
      text.includes(wanted),
    ),
  );
  const counts = Map.groupBy(machines, (machine) => machine.status);
  return (
    <>
      <div className="bar">
        <h1>Machines</h1>
        <ul className="counts">
          {[...counts].map(([status, members]) => (
            <li key={status} className={`chip ${tone(status)}`}>
              {members.length} {status}
            </li>
          ))}
        </ul>
        <input
          type="search"
          placeholder="Search name, status, MAC, address"
          aria-label="Search machines"
          value={search}
          onChange={(event) => setSearch(event.target.value)}
        />
      </div>
      {machines.length === 0 ? (
        <p className="quiet empty">
          No machine yet. Power one on in a network Rackwright serves and it shows up here, or try{" "}
          <code>rackwright demo</code>.
        </p>
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
                <td>{gibibytes(machine.storage)}</td>
                <td>{machine.addresses.join(", ") || "–"}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </>
  );
}
