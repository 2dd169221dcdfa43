import { useEffect, useState } from "react";
import type { Event, Machine, MachineAction, MachineDetail as Detail } from "@rackwright/contract";
import { Actions } from "./actions.tsx";
import { act, getMachine, listEvents } from "./api.ts";
import type { Session } from "./api.ts";
import { EventList } from "./event-list.tsx";
import { FailureBox } from "./failure-box.tsx";
import { Phases } from "./phases.tsx";
import { Progress } from "./progress.tsx";
import { Results } from "./results.tsx";
import { capital, clockTime, diskSize, gibibytes, tone } from "./words.ts";

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
  const [detail, setDetail] = useState<Detail | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const { id } = machine;
  useEffect(() => {
    listEvents(id).then(
      (page) => setPast(page.items),
      (error: Error) => setProblem(error.message),
    );
  }, [id]);
  useEffect(() => {
    getMachine(id).then(setDetail, () => setDetail(null));
  }, [id, machine]);
  const mine = recent.filter(
    (event) => event.machine_id === id || (event.mac !== null && machine.macs.includes(event.mac)),
  );
  const events = [...new Map([...past, ...mine].map((event) => [event.id, event])).values()].toSorted(
    (a, b) => b.id - a.id,
  );
  const ask = (action: MachineAction, body?: Record<string, unknown>): void => {
    setProblem(null);
    act(session, id, action, body).catch((error: Error) => setProblem(error.message));
  };
  return (
    <>
      <p>
        <a href="#/">← Machines</a>
      </p>
      <div className="bar">
        <h1>{machine.hostname}</h1>
        <span className={`chip ${tone(machine.status)}`}>{capital(machine.status)}</span>
        {machine.locked ? <span className="chip idle">Locked</span> : null}
        {machine.failure === null ? <Progress machine={machine} /> : null}
        {machine.deadline === null ? null : (
          <span className="quiet">until {clockTime(machine.deadline)} at the latest</span>
        )}
      </div>
      {problem === null ? null : (
        <p className="failure" role="alert">
          {problem}
        </p>
      )}
      {machine.failure === null ? null : <FailureBox id={id} failure={machine.failure} />}
      <Actions machine={machine} hints={detail?.id === id ? detail.hints : []} onAsk={ask} />
      <Facts machine={machine} detail={detail?.id === id ? detail : null} />
      <h2>Timeline</h2>
      <Phases id={id} changed={machine} />
      <h2>Scripts and tests</h2>
      <Results session={session} id={id} changed={machine} />
      <h2>Events</h2>
      <EventList events={events} />
    </>
  );
}

function Facts({ machine, detail }: { machine: Machine; detail: Detail | null }): React.ReactNode {
  const { id, power_state, power_driver, power_address, image, ephemeral } = machine;
  const dmi = detail?.inventory?.dmi;
  const cpu = detail?.inventory?.cpu.model;
  return (
    <dl className="facts">
      <Fact name="System id" value={id} />
      <Fact name="Model" value={[dmi?.system_vendor, dmi?.system_product].filter(Boolean).join(" ") || "–"} />
      <Fact name="Owner" value={machine.owner ?? "–"} />
      <Fact
        name="Power"
        value={[power_state, power_driver ?? "no power driver", power_address].filter(Boolean).join(" · ")}
      />
      <Fact name="CPUs" value={[machine.cpu_count ?? "–", cpu].filter(Boolean).join(" × ")} />
      <Fact name="Memory" value={gibibytes(machine.memory)} />
      <Fact name="Disks" value={diskSize(machine.storage)} />
      <Fact name="Firmware" value={machine.firmware ?? "–"} />
      <Fact name="Addresses" value={machine.addresses.join(", ") || "–"} />
      <Fact name="MAC addresses" value={machine.macs.join(", ")} />
      <Fact name="Image" value={image === null ? "–" : `${image}${ephemeral ? ", in memory" : ""}`} />
      <Fact name="Zone, pool" value={`${machine.zone}, ${machine.pool}`} />
      <Fact name="Tags" value={machine.tags.join(", ") || "–"} />
    </dl>
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
