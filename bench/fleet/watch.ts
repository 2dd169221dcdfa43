import type { ApiClient } from "@rackwright/cli";
import type { Event, Failure } from "@rackwright/contract";
import { followEvents } from "./follow.ts";

/** How a machine stands, as far as its events told. */
export interface Standing {
  readonly id: string;
  readonly status: string;
  readonly failure: Failure | null;
}

/** Follows all machines of a region by its event stream. */
export interface Watch extends AsyncDisposable {
  /** Resolves with how the machine with this card stands as soon as that fits; undefined after `seconds`. */
  until(mac: string, fits: (standing: Standing) => boolean, seconds: number): Promise<Standing | undefined>;
  /** The failure that an event about this card told, though it belongs to no machine of its own. */
  told(mac: string, seconds: number): Promise<Failure | undefined>;
}

/** Begins to follow. A stream that breaks is resumed where it was. */
export function watchMachines(client: ApiClient): Watch {
  const standings = new Map<string, Standing>();
  const macs = new Map<string, string>();
  const refusals = new Map<string, Failure>();
  const looking = new Map<string, Set<() => void>>();
  const stop = new AbortController();

  const take = (one: Event): void => {
    const { machine_id: id, type, data, failure } = one;
    if (type === "metadata.denied" && one.mac !== null && failure !== null) {
      refusals.set(one.mac, failure);
      for (const look of looking.get(one.mac) ?? []) look();
    }
    if (id === null) return;
    if (type === "machine.enlisted" && one.mac !== null) {
      macs.set(id, one.mac);
      standings.set(one.mac, { id, status: "new", failure: null });
    }
    const mac = macs.get(id);
    if (mac === undefined) return;
    const before = standings.get(mac) ?? { id, status: "new", failure: null };
    if (type === "machine.status") standings.set(mac, { id, status: String(data["to"]), failure: null });
    if (type === "machine.failed") standings.set(mac, { ...before, failure });
    for (const look of looking.get(mac) ?? []) look();
  };

  const following = followEvents(client, { types: "m", signal: stop.signal, take });

  const wait = <T>(mac: string, find: () => T | undefined, seconds: number): Promise<T | undefined> =>
    new Promise((resolve) => {
      const looks = looking.get(mac) ?? new Set();
      looking.set(mac, looks);
      const settle = (value: T | undefined): void => {
        clearTimeout(timer);
        looks.delete(look);
        resolve(value);
      };
      const look = (): void => {
        const found = find();
        if (found !== undefined) settle(found);
      };
      const timer = setTimeout(() => settle(undefined), seconds * 1000);
      looks.add(look);
      look();
    });

  return {
    until: (mac, fits, seconds) =>
      wait(
        mac,
        () => {
          const standing = standings.get(mac);
          return standing !== undefined && fits(standing) ? standing : undefined;
        },
        seconds,
      ),
    told: (mac, seconds) => wait(mac, () => refusals.get(mac), seconds),
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await following;
    },
  };
}
