import type { AgentReport, Failure } from "@rackwright/contract";
import { asFailure } from "./failure.ts";
import type { AuthenticatedRack } from "./rack.ts";
import type { World } from "./world.ts";

type Sendable = AgentReport extends infer R ? (R extends AgentReport ? Omit<R, "sequence" | "at"> : never) : never;

export interface Reporter {
  send(report: Sendable): void;
  /** Runs one named step, reporting its start, its end and what went wrong. */
  step<T>(
    name: string,
    title: string,
    work: (progress: (percent: number, message: string) => void) => Promise<T>,
  ): Promise<T>;
  /** Waits until the region has everything that was sent so far. */
  drain(): Promise<void>;
  /** The last report. Resolves once the region has it: whether the machine shall ask for another task. */
  finish(outcome: "ok" | "failed", failure?: Failure): Promise<{ again: boolean }>;
  /** Aborted once the region said that it no longer wants this task done. */
  readonly signal: AbortSignal;
}

const batchReports = 200;
const batchCharacters = 1_000_000;

/** The oldest reports that fit one request; always at least one. */
export function nextBatch(queue: readonly AgentReport[]): AgentReport[] {
  let characters = 0;
  const end = queue.slice(0, batchReports).findIndex((report) => {
    characters += JSON.stringify(report).length;
    return characters > batchCharacters;
  });
  return queue.slice(0, end === -1 ? batchReports : Math.max(1, end));
}

/**
 * Streams reports to the region in order, a few times a second at most. The queue keeps what was not yet taken, so a
 * region that was away for a while misses nothing.
 */
export function reporterTo(world: World, rack: AuthenticatedRack, run: string, echo: (line: string) => void): Reporter {
  const queue: AgentReport[] = [];
  const state = { sequence: 0, again: false, sending: Promise.resolve(), scheduled: false };
  const stop = new AbortController();

  const flush = async (): Promise<void> => {
    while (queue.length > 0) {
      const batch = nextBatch(queue);
      const answer = await rack.report(run, batch);
      if (answer.stop) stop.abort();
      if (answer.again) state.again = true;
      const taken = queue.findIndex((report) => report.sequence > answer.through);
      queue.splice(0, taken === -1 ? queue.length : taken);
      if (taken === 0) break;
    }
  };
  const schedule = (): void => {
    if (state.scheduled) return;
    state.scheduled = true;
    state.sending = state.sending
      .then(() => world.sleep(250))
      .then(() => {
        state.scheduled = false;
        return flush();
      })
      .catch((error: unknown) => echo(`report not taken: ${error instanceof Error ? error.message : String(error)}`));
  };
  const send = (report: Sendable): void => {
    queue.push({ ...report, sequence: state.sequence++, at: world.now().toISOString() });
    schedule();
  };

  // What was sent later has its own turn: a program that never stops talking must not hold up the rest.
  const drain = async (): Promise<void> => {
    const last = state.sequence - 1;
    const left = (): boolean => (queue[0]?.sequence ?? Infinity) <= last;
    for (await state.sending; left();) {
      await flush();
      if (left()) await world.sleep(1000);
    }
  };

  return {
    send,
    drain,
    signal: stop.signal,
    step: async (step, title, work) => {
      const started = performance.now();
      const seconds = (): number => Math.round((performance.now() - started) / 10) / 100;
      echo(title);
      send({ kind: "step", step, title, state: "started" });
      let told = -1;
      try {
        const result = await work((percent, message) => {
          const whole = Math.floor(Math.min(100, Math.max(0, percent)));
          if (whole < told + 2 && whole !== 100) return;
          told = whole;
          send({ kind: "progress", step, percent: whole, message: message.slice(0, 200) });
        });
        send({ kind: "step", step, title, state: "done", seconds: seconds() });
        return result;
      } catch (error) {
        send({ kind: "step", step, title, state: "failed", seconds: seconds(), failure: asFailure(error) });
        throw error;
      }
    },
    finish: async (outcome, failure) => {
      send(failure ? { kind: "finished", outcome, failure } : { kind: "finished", outcome });
      await drain();
      return { again: state.again };
    },
  };
}
