import { useEffect, useState } from "react";
import { currentSession, signOut } from "./api.ts";
import type { Session } from "./api.ts";
import { EventsPage } from "./events-page.tsx";
import { FailuresPage } from "./failures-page.tsx";
import { MachineDetail } from "./machine-detail.tsx";
import { MachineList } from "./machine-list.tsx";
import { SignIn } from "./sign-in.tsx";
import { useMachines } from "./use-machines.ts";

/** What is open, kept in the address so that it can be shared and survives a reload. */
function useOpen(): string {
  const [open, setOpen] = useState(location.hash);
  useEffect(() => {
    const changed = (): void => setOpen(location.hash);
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, []);
  return open;
}

export function App(): React.ReactNode {
  const [session, setSession] = useState<Session | null | undefined>(undefined);
  useEffect(() => {
    currentSession().then(setSession, () => setSession(null));
  }, []);
  if (session === undefined) return <p className="quiet centre">Loading …</p>;
  if (session === null) return <SignIn onSignedIn={setSession} />;
  return <SignedIn session={session} onSignedOut={() => setSession(null)} />;
}

function SignedIn({ session, onSignedOut }: { session: Session; onSignedOut: () => void }): React.ReactNode {
  const open = useOpen();
  const id = /^#\/machines\/([0-9a-z]{6})$/.exec(open)?.[1];
  const code = /^#\/failures(?:\/([a-z0-9-]*))?$/.exec(open);
  const { machines, events, connected, loaded, problem } = useMachines();
  const machine = machines.find((entry) => entry.id === id);
  return (
    <>
      <header>
        <a className="brand" href="#/">
          <img src="/icon.svg" alt="" width="28" height="28" /> Rackwright
        </a>
        <span className={connected ? "live" : "live off"} role="status">
          {connected ? "live" : "connecting …"}
        </span>
        <nav>
          <a href="#/">Machines</a> <a href="#/events">Events</a> <a href="#/failures">Failures</a>
        </nav>
        <span className="grow" />
        <span className="quiet">{session.username}</span>
        <button type="button" className="plain" onClick={() => void signOut(session).finally(onSignedOut)}>
          Sign out
        </button>
      </header>
      <main>
        {problem === null ? null : <p className="failure">{problem}</p>}
        {code ? (
          <FailuresPage open={code[1]} />
        ) : open === "#/events" ? (
          <EventsPage machines={machines} recent={events} />
        ) : machine ? (
          <MachineDetail key={machine.id} session={session} machine={machine} recent={events} />
        ) : id !== undefined && loaded ? (
          <p className="failure">
            There is no machine {id} any more. <a href="#/">All machines</a>
          </p>
        ) : (
          <MachineList machines={machines} loaded={loaded} />
        )}
      </main>
    </>
  );
}
