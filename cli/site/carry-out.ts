import { z } from "zod";
import type { ApiClient } from "../client.ts";
import { CliError } from "../errors.ts";
import { type Item, plainText } from "./document.ts";
import type { Fields } from "./fields.ts";
import { type NounName, nounOf } from "./nouns.ts";
import type { Change } from "./plan.ts";
import { type Addresses, addressKey } from "./read.ts";

const item = z.record(z.string(), z.unknown());

/** What a new thing has from the start is there, and is changed where the document says how it shall be. */
async function learnPart(client: ApiClient, { noun, key }: Change, id: string, known: Addresses): Promise<void> {
  const { brings } = nounOf(noun);
  if (brings === undefined) return;
  const { path, key: fields } = nounOf(brings.noun);
  for await (const one of client.all(`${path}?limit=1000`, item))
    if (plainText(one[brings.by]) === id && plainText(one[fields.at(-1) ?? ""]) === brings.key)
      known.set(addressKey(brings.noun, `${key}/${brings.key}`), plainText(one["id"]));
}

const answer = z.looseObject({ id: z.union([z.number(), z.string()]).optional(), name: z.string().optional() });

/**
 * Does what a plan says, one thing after the other. Fields that need what comes later are set at the end. What was done
 * stays done where one thing is refused: the same document can be applied again.
 *
 * @throws CliError with the thing that was refused, and why
 */
export async function carryOut(
  client: ApiClient,
  changes: readonly Change[],
  {
    fields,
    addresses,
    told,
  }: { fields: Record<NounName, Fields>; addresses: Addresses; told: (change: Change) => void },
): Promise<void> {
  const known = new Map(addresses);
  const late: { change: Change; body: Record<string, unknown> }[] = [];
  const pathOf = ({ noun, key }: Change): string =>
    `${nounOf(noun).path}/${encodeURIComponent(known.get(addressKey(noun, key)) ?? key)}`;
  const attempt = async <T>(change: Change, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      throw new CliError(`${change.noun} ${change.key}: ${error.message}`, error.next, error.exitCode, error.code);
    }
  };
  const idOf = (noun: NounName, key: unknown, field: string): number | null => {
    if (key === null || key === undefined || key === "") return null;
    const id = known.get(addressKey(noun, plainText(key)));
    if (id === undefined)
      throw new CliError(
        `${field} names ${noun} '${plainText(key)}', which there is none of.`,
        "Add it to the document, or correct the name.",
        2,
      );
    return Number(id);
  };
  const bodyOf = (change: Change, item: Item, allowed: readonly string[]): Record<string, unknown> => {
    const { references = {} } = nounOf(change.noun);
    const entries = allowed.flatMap((field): [string, unknown][] => {
      const reference = references[field];
      const name = reference?.as ?? field;
      if (!(name in item)) return [];
      return [[field, reference === undefined ? item[name] : idOf(reference.noun, item[name], name)]];
    });
    return Object.fromEntries(entries);
  };

  const remove = async (change: Change): Promise<void> => {
    await attempt(change, () => client.send("DELETE", pathOf(change), undefined, z.unknown()));
    known.delete(addressKey(change.noun, change.key));
    told(change);
  };

  for (const change of changes.filter(({ early }) => early)) await remove(change);
  for (const change of changes) {
    const { noun, kind } = change;
    const { path, address, late: deferred = [] } = nounOf(noun);
    if (kind === "delete") continue;
    const early = Object.fromEntries(Object.entries(change.fields).filter(([name]) => !deferred.includes(name)));
    const later = Object.fromEntries(Object.entries(change.fields).filter(([name]) => deferred.includes(name)));
    await attempt(change, async () => {
      if (kind === "create" && !known.has(addressKey(noun, change.key))) {
        const body = bodyOf(change, early, fields[noun].created);
        const made = await client.send("POST", path, body, answer);
        known.set(addressKey(noun, change.key), String(made[address] ?? change.key));
        await learnPart(client, change, String(made.id), known);
      } else if (Object.keys(early).length > 0)
        await client.send("PATCH", pathOf(change), bodyOf(change, early, fields[noun].changed), answer);
    });
    if (Object.keys(later).length > 0) late.push({ change, body: later });
    told(change);
  }
  for (const { change, body } of late)
    await attempt(change, () =>
      client.send("PATCH", pathOf(change), bodyOf(change, body, fields[change.noun].changed), answer),
    );
  for (const change of changes.filter(({ kind, early }) => kind === "delete" && !early)) await remove(change);
}
