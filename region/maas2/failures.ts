import { randomUUID } from "node:crypto";
import { stateConflict } from "@rackwright/contract";
import { InputError, RegionError, StateConflict } from "../errors.ts";
import { databaseError } from "../http/problems.ts";
import type { Log } from "../log.ts";
import { TooLarge } from "./body.ts";

export type Told = { status: number; type: string; body: string; headers?: Record<string, string> };

const plain = "text/plain; charset=utf-8";
export const jsonType = "application/json; charset=utf-8";

/**
 * What an error is in MAAS's words: a form's failures as JSON `{field: [messages]}`, everything else as one sentence of
 * text. A defect of ours is logged, not told.
 */
export function tell(error: unknown, { log, what }: { log: Log; what: string }): Told {
  const known = error instanceof RegionError ? error : error instanceof Error ? databaseError(error) : null;
  if (known === null) return defect(error, log, what);
  const { status, message, next, failures } = known;
  if (known instanceof TooLarge) return { status: 413, type: plain, body: message, headers: { connection: "close" } };
  if (known instanceof InputError && failures !== undefined)
    return { status, type: jsonType, body: JSON.stringify(byField(failures)) };
  if (status === 503) {
    log.warn({ error: known.cause instanceof Error ? known.cause.message : known.code, path: what }, message);
    return { status, type: plain, body: message, headers: { "retry-after": "10" } };
  }
  // What to do about a state, where somebody thought of it; the texts of other refusals are MAAS's and clients know them.
  const special = known instanceof StateConflict && next !== undefined && next !== stateConflict.next;
  const hint = special ? ` ${next}` : "";
  return { status, type: plain, body: `${message}${hint}` };
}

function byField(failures: readonly { field: string; allowed: string }[]): Record<string, string[]> {
  const fields = new Map<string, string[]>();
  for (const { field, allowed } of failures) {
    const name = field === "" ? "__all__" : field;
    fields.set(name, [...(fields.get(name) ?? []), allowed]);
  }
  return Object.fromEntries(fields);
}

function defect(error: unknown, log: Log, what: string): Told {
  const incident = randomUUID();
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  log.error({ incident, path: what, error: stack }, "a request failed by a defect");
  return {
    status: 500,
    type: plain,
    body: `The region failed to handle this request. Look for ${incident} in its log, and report it.`,
  };
}
