import type { Event } from "@rackwright/contract";
import { followEvents } from "../commands/events.ts";
import type { ApiClient } from "../client.ts";
import { CliError } from "../errors.ts";

export interface Watcher {
  readonly events: readonly Event[];
  until(mac: string, what: string, seconds: number, test: (event: Event) => boolean): Promise<Event>;
  stop(): void;
}

interface Waiter {
  readonly mac: string;
  readonly test: (event: Event) => boolean;
  readonly resolve: (event: Event) => void;
  readonly reject: (error: Error) => void;
}

/** Follows the region's events, hands each to `tell` and wakes whoever waits for one. */
export function watchEvents(client: ApiClient, interrupted: AbortSignal, tell: (event: Event) => void): Watcher {
  const stopper = new AbortController();
  const signal = AbortSignal.any([interrupted, stopper.signal]);
  const events: Event[] = [];
  const waiters = new Set<Waiter>();
  const macOf = new Map<string, string>();

  const see = (event: Event): void => {
    events.push(event);
    if (event.machine_id !== null && event.mac !== null) macOf.set(event.machine_id, event.mac);
    const mac = event.mac ?? (event.machine_id === null ? undefined : macOf.get(event.machine_id));
    tell(event);
    for (const waiter of waiters) {
      if (waiter.mac !== mac) continue;
      if (waiter.test(event)) waiter.resolve(event);
      else if (
        event.type === "machine.failed" ||
        (event.type === "machine.status" && String(event.data["to"]).startsWith("failed"))
      ) {
        waiter.reject(new CliError(event.failure?.message ?? event.message, event.failure?.next ?? ""));
      }
    }
  };
  const following = (async () => {
    for await (const event of followEvents(client, new URLSearchParams({ level: "debug", cursor: "0" }), signal))
      see(event);
  })();
  following.catch((error: Error) => waiters.forEach((waiter) => waiter.reject(error)));

  return {
    events,
    until: (mac, what, seconds, test) =>
      new Promise<Event>((resolve, reject) => {
        const end = (): void => {
          clearTimeout(timer);
          signal.removeEventListener("abort", aborted);
          waiters.delete(waiter);
        };
        const waiter: Waiter = {
          mac,
          test,
          resolve: (event) => (end(), resolve(event)),
          reject: (error) => (end(), reject(error)),
        };
        const timer = setTimeout(
          () =>
            waiter.reject(
              new CliError(`${mac} did not ${what} within ${seconds} s.`, "Look at its console log and events."),
            ),
          seconds * 1000,
        );
        const aborted = (): void => waiter.reject(new CliError("Interrupted.", "", 130));
        signal.addEventListener("abort", aborted);
        waiters.add(waiter);
      }),
    stop: () => stopper.abort(),
  };
}
