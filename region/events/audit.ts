import type { EventType } from "@rackwright/contract";
import type { Transaction } from "../database/pool.ts";
import { appendEvent } from "./append.ts";

/** Fields of a thing before or after a change, by name. */
export type Fields = Readonly<Record<string, unknown>>;

/** Events that tell what a user did: by their type, as the database's index has it. */
export type AuditType = Extract<EventType, `${string}.changed` | "machine.action" | "machine.deleted">;

export type Change = {
  type: AuditType;
  /** The user who did it. */
  actor: string;
  at: Date;
  message: string;
  /** The thing as it was; left out for one that was made. */
  before?: Fields | null;
  /** The thing as it is now; left out for one that was deleted. */
  after?: Fields | null;
  machine_id?: string;
  mac?: string | null;
  /** What else belongs to it, such as which thing it was. */
  data?: Fields;
};

/**
 * Records a change by a user, in the transaction that makes it: who, what, and the fields that are different before and
 * after. Secrets are told as changed, never what they are. Every route that changes something does this exactly once
 * (region/http/audit.medium.test.ts looks).
 */
export async function appendAudit(tx: Transaction, change: Change): Promise<void> {
  const { type, actor, at, message, machine_id, mac, data } = change;
  const { before, after } = changedFields(change.before ?? null, change.after ?? null);
  await appendEvent(tx, {
    type,
    at,
    actor,
    message,
    machine_id: machine_id ?? null,
    mac: mac ?? null,
    data: { ...data, before, after },
  });
}

/** In place of a value that nobody may read in the events. */
const masked = "(changed)";
/** Names of fields whose value is a secret or may hold one: passwords, keys of BMCs, user data with its credentials. */
const secret = /pass(word|wd|phrase)?$|secret|token|community|(^|_)k_?g$|private|(^|_)key$|^user_?data$/i;
/** Names that match and are no secret. */
const open = /^(public_key|ssh_key)$/i;
/** Whether a field of this name holds a secret. */
export const isSecret = (name: string): boolean => secret.test(name) && !open.test(name);

/** Characters kept of a long text, and parts of a long list. */
const longest = { text: 500, list: 50 };

/** Those fields of two states that differ, fit to be shown. All of them where one of the states is missing. */
export function changedFields(
  before: Fields | null,
  after: Fields | null,
): { before: Fields | null; after: Fields | null } {
  if (before === null || after === null) return { before: before && shown(before), after: after && shown(after) };
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const different = names.filter((name) => text(before[name]) !== text(after[name]));
  const pick = (from: Fields, other: Fields): Fields =>
    Object.fromEntries(
      different.map((name) => {
        const [value, its] = [from[name], other[name]];
        // Of a record of fields, such as power parameters, only the fields that differ.
        if (isRecord(value) && isRecord(its)) return [name, changedFields(value, its).before];
        return [name, show(name, value)];
      }),
    );
  return { before: pick(before, after), after: pick(after, before) };
}

const isRecord = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);
const text = (value: unknown): string => JSON.stringify(value) ?? "";
const shown = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, show(name, value)]));

function show(name: string, value: unknown): unknown {
  if (value === null || value === undefined) return null;
  if (isSecret(name)) return masked;
  if (typeof value === "string" && value.length > longest.text)
    return `${value.slice(0, longest.text)}… (${value.length} characters)`;
  if (Array.isArray(value)) {
    const kept = value.slice(0, longest.list).map((part: unknown) => show("", part));
    return value.length > longest.list ? [...kept, `… (${value.length} in all)`] : kept;
  }
  return isRecord(value) ? shown(value) : value;
}
