import { useEffect, useState } from "react";
import type { Event, Machine } from "@rackwright/contract";
import { followEvents, getMachine, lastEventId, listMachines, Refused } from "./api.ts";

const kept = 500;

export interface Live {
  readonly machines: readonly Machine[];
  /** Events since the page was opened, newest first. */
  readonly events: readonly Event[];
  readonly connected: boolean;
  /** Whether the machines were read once. */
  readonly loaded: boolean;
  readonly problem: string | null;
}

/** The machines, kept up to date by the event stream: whoever an event is about is fetched again, once per beat. */
export function useMachines(): Live {
  const [machines, setMachines] = useState<readonly Machine[]>([]);
  const [events, setEvents] = useState<readonly Event[]>([]);
  const [connected, setConnected] = useState(false);
  const [loaded, setLoaded] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);

  useEffect(() => {
    const stale = new Set<string>();
    let stop: (() => void) | undefined;
    let over = false;
    const complain = (error: unknown): void => setProblem(error instanceof Error ? error.message : String(error));
    const refresh = async (id: string): Promise<void> => {
      try {
        const fresh = await getMachine(id);
        setMachines((known) => [...known.filter((machine) => machine.id !== id), fresh].toSorted(byHostname));
      } catch (error) {
        if (error instanceof Refused && error.status === 404)
          setMachines((known) => known.filter((machine) => machine.id !== id));
        else complain(error);
      }
    };
    const beat = setInterval(() => {
      for (const id of stale) void refresh(id);
      stale.clear();
    }, 500);
    const begin = async (): Promise<void> => {
      const cursor = await lastEventId();
      setMachines((await listMachines()).toSorted(byHostname));
      setLoaded(true);
      if (over) return;
      stop = followEvents(
        cursor,
        (event) => {
          if (event.machine_id !== null) stale.add(event.machine_id);
          setEvents((seen) => [event, ...seen].slice(0, kept));
        },
        setConnected,
      );
    };
    begin().catch(complain);
    return () => {
      over = true;
      clearInterval(beat);
      stop?.();
    };
  }, []);
  return { machines, events, connected, loaded, problem };
}

const byHostname = (a: Machine, b: Machine): number => a.hostname.localeCompare(b.hostname);
