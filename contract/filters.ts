import { z } from "zod";
import { type FieldTable, type Filter, filterFields } from "./filter-fields.ts";
import { Reader } from "./filter-reader.ts";
import { FilterError } from "./filter-error.ts";

export const longestFilter = 2000;

/**
 * Reads a filter of machines such as `status:ready cpu>=8 memory>=16G not zone:lab hostname:web*`. Conditions side by side must all
 * hold; `or`, `not` and parentheses join them; commas mean any of; anything without a field is looked for as text.
 *
 * @throws FilterError with position, what was found and what is allowed
 */
export function parseFilter(text: string): Filter {
  return readFilter(text, filterFields);
}

/**
 * Reads a filter of a list that has these fields, in the language of `parseFilter`.
 *
 * @throws FilterError
 */
export function readFilter<F extends string>(text: string, fields: FieldTable<F>): Filter<F> {
  if (text.length > longestFilter)
    throw new FilterError(longestFilter, text.slice(longestFilter), `no more than ${longestFilter} characters`);
  return new Reader(text, fields).whole();
}

/** Names of the fields a filter asks for. */
export function fieldsOf<F extends string>(filter: Filter<F>): F[] {
  if (filter.kind === "field") return [filter.field];
  if (filter.kind === "text") return [];
  const parts = filter.kind === "not" ? [filter.of] : filter.of;
  return [...new Set(parts.flatMap((part) => fieldsOf(part)))];
}

/** A filter in a request: text in, filter out. */
export const filterText = z
  .string()
  .transform((text, context): Filter => {
    try {
      return parseFilter(text);
    } catch (error) {
      if (!(error instanceof FilterError)) throw error;
      context.addIssue({ code: "custom", message: error.message });
      return z.NEVER;
    }
  })
  .describe("such as: status:ready cpu>=8 memory>=16G tag:gpu not zone:lab hostname:web*");
