import { useEffect, useState } from "react";
import { currentSession, signOut } from "./api.ts";
import type { Session } from "./api.ts";
import { MachineDetail } from "./machine-detail.tsx";
import { MachineList } from "./machine-list.tsx";
import { SignIn } from "./sign-in.tsx";
import { useMachines } from "./use-machines.ts";

/** Which machine is open, kept in the address so that it can be shared and survives a reload. */
function useOpenMachine(): string | null {
  const read = (): string | null => location.hash.match(/^#\/machines\/([0-9a-z]{6})$/)?.[1] ?? null;
  const [id, setId] = useState(read);
  useEffect(() => {
    const changed = (): void => setId(read());
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, []);
  return id;
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
  const open = useOpenMachine();
  const { machines, events, connected, problem } = useMachines();
  const machine = machines.find((entry) => entry.id === open);
  return (
    <>
      <header>
        <a className="brand" href="#/">
          <img src="/icon.svg" alt="" width="28" height="28" /> Rackwright
        </a>
        <span className={connected ? "live" : "live off"} role="status">
          {connected ? "live" : "connecting …"}
        </span>
        <span className="grow" />
        <span className="quiet">{session.username}</span>
        <button type="button" className="plain" onClick={() => void signOut(session).finally(onSignedOut)}>
          Sign out
        </button>
      </header>
      <main>
        {problem === null ? null : <p className="failure">{problem}</p>}
        {machine ? (
          <MachineDetail session={session} machine={machine} recent={events} />
        ) : (
          <MachineList machines={machines} session={session} />
        )}
      </main>
    </>
  );
}
