import type { Timers } from "@rackwright/ipmi";
import type { ObservedState, PowerBootDevice, PowerDriver, PowerTarget, StopMode } from "./driver.ts";
import { PowerError } from "./errors.ts";

export type PowerServiceAction = "on" | "off" | "cycle" | "query" | "reset";

/** A request to the power service. */
export interface PowerServiceRequest {
  readonly driver: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly action: PowerServiceAction;
  /** Chosen for the next boot, once. */
  readonly bootDevice?: PowerBootDevice | undefined;
  /** `soft` asks the operating system; default: what the parameters say, else `hard`. */
  readonly stopMode?: StopMode | undefined;
  /** Milliseconds after which nobody waits for the answer any more: what was found out by then is the answer. */
  readonly within?: number | undefined;
}

/** The state that was seen at the end, not the one that was wished. */
export interface PowerServiceResult {
  readonly state: ObservedState;
  readonly warnings: readonly string[];
}

export interface PowerService {
  /** Does a power action and looks whether it happened. Throws {@link PowerError}. */
  perform(request: PowerServiceRequest): Promise<PowerServiceResult>;
}

/** What the service is made of. */
export interface PowerServiceParts {
  readonly drivers: Readonly<Record<string, PowerDriver>>;
  readonly timers: Timers;
  /** Milliseconds between the end of one action and the next on the same BMC, default 5,000. */
  readonly gap?: number;
}

const DEFAULT_GAP = 5000;
/** Milliseconds after an action at which it is looked at first; most machines are seen on or off by then. */
const FIRST_LOOK = 1000;
/** Finished actions remembered for the gap, so that the table stays small. */
const MOST_REMEMBERED = 10_000;

/** Power actions with retry, verification and one action at a time per BMC. */
export function createPowerService({ drivers, timers, gap = DEFAULT_GAP }: PowerServiceParts): PowerService {
  const busy = new Set<string>();
  const finished = new Map<string, number>();
  const sleep = (milliseconds: number): Promise<void> =>
    new Promise((resolve) => {
      timers.after(milliseconds, resolve);
    });

  /** Tries until it works; after each passing failure but the last it waits. Ends before `end`. */
  const retrying = async <T>(waits: readonly number[], end: number, attempt: () => Promise<T>): Promise<T> => {
    for (let at = 0; ; at += 1) {
      try {
        return await attempt();
      } catch (error) {
        const wait = waits[at] ?? 0;
        const last = at >= waits.length - 1 || timers.now() + wait >= end;
        if (!(error instanceof PowerError) || error.fatal || last) throw error;
        await sleep(wait);
      }
    }
  };

  /** Looks early and then ever more seldom until the state is the wanted one or `wait` is over; only the last look counts. */
  const look = async (target: PowerTarget, wanted: "on" | "off", wait: number): Promise<ObservedState> => {
    for (let passed = 0; ;) {
      const pause = passed === 0 ? Math.min(FIRST_LOOK, wait) : Math.min(passed, wait - passed);
      passed += pause;
      await sleep(pause);
      const last = passed >= wait;
      const state = await target.query().catch((error: unknown) => {
        if (last || !(error instanceof PowerError) || error.fatal) throw error;
        return undefined;
      });
      if (state !== undefined && (last || state === wanted)) return state;
    }
  };

  /** Acts, waits, looks; acts again while the state is not the wanted one. An action that worked is not repeated unseen. */
  const until = async (
    { waits, queryable }: PowerDriver,
    { target, end }: { target: PowerTarget; end: number },
    wanted: "on" | "off",
    act: () => Promise<void>,
  ): Promise<ObservedState> => {
    if (!queryable) {
      await act();
      return "unknown";
    }
    const seen: string[] = [];
    let acted = false;
    let failure: PowerError | undefined;
    for (const [at, longest] of waits.entries()) {
      const wait = Math.min(longest, Math.max(0, end - timers.now()));
      const last = at === waits.length - 1 || wait < longest;
      try {
        if (!acted) await act();
        acted = true;
        const state = await look(target, wanted, wait);
        if (state === wanted) return state;
        seen.push(`attempt ${at + 1}: ${state}, ${Math.round(wait / 100) / 10} s after the action`);
        failure = undefined;
        acted = false;
      } catch (error) {
        if (!(error instanceof PowerError) || error.fatal) throw error;
        failure = error;
        if (!acted && !last) await sleep(wait);
      }
      if (last) break;
    }
    throw failure ?? neverChanged(target, wanted, seen);
  };

  const act = async (
    driver: PowerDriver,
    target: PowerTarget,
    request: PowerServiceRequest,
    end: number,
  ): Promise<ObservedState> => {
    const { bootDevice, stopMode } = request;
    const bounded = { target, end };
    const on = (): Promise<ObservedState> => until(driver, bounded, "on", () => target.on(bootDevice));
    const off = (): Promise<ObservedState> => until(driver, bounded, "off", () => target.off(stopMode));
    switch (request.action) {
      case "on":
        return on();
      case "off":
        return off();
      case "cycle":
        if (driver.queryable && (await retrying(driver.waits, end, () => target.query())) === "on") await off();
        return on();
      case "reset":
        return until(driver, bounded, "on", () => target.reset(bootDevice));
      case "query":
        return retrying(driver.waits, end, () => target.query());
      default:
        return request.action satisfies never;
    }
  };

  const alone = async <T>(key: string, work: () => Promise<T>): Promise<T> => {
    if (busy.has(key)) {
      throw new PowerError("bmc-busy", `another power action on ${key} is under way`, {
        next: "Wait until it has ended (at most a few minutes), then try again.",
        fatal: true,
      });
    }
    busy.add(key);
    try {
      const rest = (finished.get(key) ?? -Infinity) + gap - timers.now();
      if (rest > 0) await sleep(rest);
      return await work();
    } finally {
      busy.delete(key);
      finished.delete(key);
      finished.set(key, timers.now());
      const [oldest] = finished.keys();
      if (finished.size > MOST_REMEMBERED && oldest !== undefined) finished.delete(oldest);
    }
  };

  return {
    async perform(request) {
      const driver = Object.hasOwn(drivers, request.driver) ? drivers[request.driver] : undefined;
      if (driver === undefined) {
        throw new PowerError("bmc-settings", `there is no power driver "${request.driver}"`, {
          next: `Use one of: ${Object.keys(drivers).join(", ")}.`,
          fatal: true,
        });
      }
      const end = request.within === undefined ? Infinity : timers.now() + request.within;
      const target = await driver.target(request.parameters, () => end - timers.now());
      const work = (): Promise<ObservedState> => act(driver, target, request, end);
      const state = request.action === "query" || target.key === "" ? await work() : await alone(target.key, work);
      return { state, warnings: [...target.warnings] };
    },
  };
}

function neverChanged({ key, warnings }: PowerTarget, wanted: "on" | "off", seen: readonly string[]): PowerError {
  const from = wanted === "on" ? "off" : "on";
  return new PowerError("bmc-lies", `the BMC at ${key} accepted the action but never went from ${from} to ${wanted}`, {
    next:
      wanted === "on"
        ? "Look at the machine: does it really stay off? Check its mains power and its BMC's event log; restart the BMC if it shows a wrong state."
        : "If the operating system was asked (soft), it may be ignoring the button: use the hard stop mode. Otherwise restart the BMC.",
    evidence: [...seen, ...warnings],
  });
}
