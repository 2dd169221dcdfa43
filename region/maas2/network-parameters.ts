import { macAddress } from "@rackwright/contract";
import type { Kysely } from "kysely";
import { z } from "zod";
import type { Tables } from "../database/tables.ts";
import { InputError, StateConflict } from "../errors.ts";
import { find } from "../networks/find.ts";
import { parseIp, parseNetwork, printIp, printNetwork } from "../networks/ip.ts";
import type { Kind } from "../networks/specifiers.ts";

/** An IP address, in its one spelling. */
export function ip(doc: string) {
  return z
    .string()
    .trim()
    .max(64)
    .transform((text, context) => {
      const read = parseIp(text);
      if (read !== undefined) return printIp(read);
      context.addIssue({ code: "custom", message: "Enter a valid IPv4 or IPv6 address." });
      return z.NEVER;
    })
    .describe(doc)
    .meta({ type: "String" });
}

/** A network; bits of the host are dropped. */
export function cidr(doc: string) {
  return z
    .string()
    .trim()
    .max(64)
    .transform((text, context) => {
      const read = parseNetwork(text);
      if (read !== undefined) return printNetwork(read);
      context.addIssue({ code: "custom", message: "Enter a network such as 10.0.0.0/24." });
      return z.NEVER;
    })
    .describe(doc)
    .meta({ type: "String" });
}

/** A MAC address in any usual spelling. */
export function mac(doc: string) {
  return z.string().trim().max(64).pipe(macAddress).describe(doc).meta({ type: "String" });
}

/** The same, where an empty text says: none. */
export function orNone<T extends z.ZodType<unknown, string>>(schema: T) {
  return z.union([z.literal("").transform(() => null), schema]);
}

/** Values that come repeated, or in one text with commas or spaces between; undefined where none is given. */
export function values(doc: string) {
  return z
    .array(z.string().max(10_000))
    .max(1000)
    .transform((texts) => texts.flatMap((text) => text.split(/[\s,]+/)).filter((part) => part !== ""))
    .optional()
    .describe(doc)
    .meta({ type: "String", list: true });
}

/**
 * The thing a form's field names: by its id, as forms do, or by a specifier.
 *
 * @throws InputError naming the field
 */
export async function named(db: Kysely<Tables>, kind: Kind, field: string, text: string): Promise<number> {
  const specifier = /^\d+$/.test(text.trim()) ? `id:${text.trim()}` : text;
  const [id, ...more] = await find(db, kind, [specifier]);
  if (id !== undefined && more.length === 0) return id;
  throw InputError.field(
    field,
    text,
    id === undefined
      ? "Select a valid choice. That choice is not one of the available choices."
      : `More than one ${kind} matches; give its id.`,
  );
}

/**
 * Does something whose refusals are told as a form's: 400 by field, with the fields' names in MAAS's words. What is not
 * about one field is under `__all__`.
 *
 * @param options conflicts "told": what is taken is told as such (409)
 */
export async function inWords<T>(
  words: Readonly<Record<string, string>>,
  work: () => Promise<T>,
  { conflicts = "form" }: { conflicts?: "form" | "told" } = {},
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const isConflict = error instanceof StateConflict && conflicts === "form";
    if (!(error instanceof InputError) && !isConflict) throw error;
    const failures = (error.failures ?? [{ field: "__all__", allowed: error.message }]).map((failure) => {
      const name = failure.field.replace(/\[.*$/, "");
      return { ...failure, field: words[name] ?? name };
    });
    throw new InputError(error.message, { failures, cause: error });
  }
}

/** Does something whose refusals are told as one sentence with status 400. */
export async function inText<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof InputError) && !(error instanceof StateConflict)) throw error;
    throw new InputError(error.message, { cause: error });
  }
}
