import { dirname, join } from "node:path";

/** Folders a command works with. */
export interface Places {
  /** The clone or installation Rackwright runs from. */
  readonly home: string;
  /** What must survive: database, rack state, secrets, logs. */
  readonly state: string;
  /** What can be made again: images, package archives. */
  readonly cache: string;
}

export const defaultState = "/var/lib/rackwright";
export const defaultCache = "/var/cache/rackwright";

/** Folders from the `--state` option and the environment (RACKWRIGHT_STATE, RACKWRIGHT_CACHE). */
export function placesFrom(state: string | undefined, environment: NodeJS.ProcessEnv): Places {
  return {
    home: dirname(import.meta.dirname),
    state: state ?? environment["RACKWRIGHT_STATE"] ?? defaultState,
    cache: environment["RACKWRIGHT_CACHE"] ?? defaultCache,
  };
}

export const imageStore = (places: Places): string => join(places.cache, "images");
export const regionState = (places: Places): string => join(places.state, "region");
export const rackState = (places: Places): string => join(places.state, "rack");
export const adminSocket = (places: Places): string => join(regionState(places), "admin.sock");
export const regionSocket = (places: Places): string => join(regionState(places), "region.sock");
export const rackSecretFile = (places: Places): string => join(places.state, "rack.secret");
export const logFile = (places: Places, name: string): string => join(places.state, "logs", `${name}.log`);
