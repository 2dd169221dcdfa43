import { useEffect, useState } from "react";
import type { Event, Machine } from "@rackwright/contract";
import { act, listEvents } from "./api.ts";
import type { Session } from "./api.ts";
import { Progress } from "./progress.tsx";
import { Timeline } from "./timeline.tsx";
import { actionWords, capital, gibibytes, tone } from "./words.ts";

export function MachineDetail({
  session,
  machine,
  recent,
}: {
  session: Session;
  machine: Machine;
  recent: readonly Event[];
}): React.ReactNode {
  const [past, setPast] = useState<readonly Event[]>([]);
  const [problem, setProblem] = useState<string | null>(null);
  const { id } = machine;
  useEffect(() => {
    listEvents(id).then(
      (page) => setPast(page.items),
      (error: Error) => setProblem(error.message),
    );
  }, [id]);
  const mine = recent.filter(
    (event) => event.machine_id === id || (event.mac !== null && machine.macs.includes(event.mac)),
  );
  const events = [...new Map([...past, ...mine].map((event) => [event.id, event])).values()].toSorted(
    (a, b) => b.id - a.id,
  );
  const ask = (action: string): void => {
    setProblem(null);
    act(session, id, action).catch((error: Error) => setProblem(error.message));
  };
  return (
    <>
      <p>
        <a href="#/">← Machines</a>
      </p>
      <div className="bar">
        <h1>{machine.hostname}</h1>
        <span className={`chip ${tone(machine.status)}`}>{capital(machine.status)}</span>
        <Progress machine={machine} />
      </div>
      {problem === null ? null : (
        <p className="failure" role="alert">
          {problem}
        </p>
      )}
      {machine.failure === null ? null : (
        <section className="failure">
          <strong>{machine.failure.message}</strong>
          <pre>{machine.failure.evidence.join("\n")}</pre>
          <p>{machine.failure.next}</p>
        </section>
      )}
      <div className="actions">
        {machine.actions.map((action) => (
          <button key={action} type="button" onClick={() => ask(action)}>
            {actionWords[action] ?? action}
          </button>
        ))}
      </div>
      <dl className="facts">
        <Fact name="System id" value={id} />
        <Fact name="Owner" value={machine.owner ?? "–"} />
        <Fact
          name="Power"
          value={`${machine.power_state}${machine.power_address ? ` · ${machine.power_driver} ${machine.power_address}` : ""}`}
        />
        <Fact name="Firmware" value={machine.firmware ?? "–"} />
        <Fact name="CPUs" value={machine.cpu_count ?? "–"} />
        <Fact name="Memory" value={gibibytes(machine.memory)} />
        <Fact name="Disks" value={gibibytes(machine.storage)} />
        <Fact name="Addresses" value={machine.addresses.join(", ") || "–"} />
        <Fact name="MAC addresses" value={machine.macs.join(", ")} />
        <Fact name="Image" value={machine.image ?? "–"} />
      </dl>
      <h2>Timeline</h2>
      <Timeline events={events} />
    </>
  );
}

function Fact({ name, value }: { name: string; value: string | number }): React.ReactNode {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
