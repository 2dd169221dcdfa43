import type { Handshake } from "../codec/keys.ts";
import type { Protection } from "../codec/protect.ts";
import type { ReplayWindow } from "../codec/replay.ts";
import type { CipherSuite } from "../codec/suites.ts";

/** Milliseconds: a half-open session and an idle one live no longer (IPMI 2.0 §6.12.15). */
const PENDING_LIFE = 30_000;
const IDLE_LIFE = 60_000;
const MOST_PENDING = 16;

/** A session between Open Session and RAKP 3. */
export interface Pending {
  readonly bmcId: number;
  readonly consoleId: number;
  readonly suite: CipherSuite;
  /** Highest privilege the console asked for. */
  readonly privilege: number;
  /** The request that began it and the reply to it, for when the reply was lost. */
  readonly openRequest: Uint8Array;
  readonly openReply: Uint8Array;
  readonly since: number;
  rakp1?: {
    readonly request: Uint8Array;
    readonly reply: Uint8Array;
    readonly handshake: Handshake;
    readonly limit: number;
  };
}

/** An open session. */
export interface Active {
  readonly bmcId: number;
  readonly consoleId: number;
  readonly protection: Protection;
  readonly replay: ReplayWindow;
  readonly maxPrivilege: number;
  /** The code of RAKP 3 and the check value of its answer, for when the answer was lost. */
  readonly rakp3Code: Uint8Array;
  readonly rakp4Check: Uint8Array;
  privilege: number;
  sequence: number;
  lastUsed: number;
  /** The last commands, newest last: a repetition of one gets the same reply and is not done twice. */
  readonly recent: { readonly request: Uint8Array; readonly since: number; answer?: Uint8Array }[];
  inProgress: number;
}

/** Bounded tables of half-open and open sessions; the clock decides who is still there. */
export interface Sessions {
  readonly full: boolean;
  readonly count: number;
  newId(): number;
  pending(bmcId: number): Pending | undefined;
  opening(request: Uint8Array): Pending | undefined;
  active(bmcId: number): Active | undefined;
  addPending(session: Pending): void;
  addActive(session: Active): void;
  drop(bmcId: number): void;
}

export function createSessions(now: () => number, random: (count: number) => Uint8Array, most: number): Sessions {
  const pending = new Map<number, Pending>();
  const active = new Map<number, Active>();
  const expire = (): void => {
    const time = now();
    for (const [id, { since }] of pending) if (time - since > PENDING_LIFE) pending.delete(id);
    for (const [id, { lastUsed }] of active) if (time - lastUsed > IDLE_LIFE) active.delete(id);
  };
  return {
    get full() {
      expire();
      return active.size >= most;
    },
    get count() {
      expire();
      return active.size;
    },
    newId() {
      for (;;) {
        const id = new DataView(Uint8Array.from(random(4)).buffer).getUint32(0, true);
        if (id !== 0 && !pending.has(id) && !active.has(id)) return id;
      }
    },
    pending(bmcId) {
      expire();
      return pending.get(bmcId);
    },
    opening(request) {
      expire();
      return [...pending.values()].find((session) => Buffer.compare(session.openRequest, request) === 0);
    },
    active(bmcId) {
      expire();
      return active.get(bmcId);
    },
    addPending(session) {
      // The oldest gives way: a flood of openings must not lock the others out for half a minute.
      const [oldest] = pending.keys();
      if (pending.size >= MOST_PENDING && oldest !== undefined) pending.delete(oldest);
      pending.set(session.bmcId, session);
    },
    addActive(session) {
      pending.delete(session.bmcId);
      active.set(session.bmcId, session);
    },
    drop(bmcId) {
      pending.delete(bmcId);
      active.delete(bmcId);
    },
  };
}
