import { type Filter, FilterError, pageQuery, readFilter } from "@rackwright/contract";
import { type Expression, type Kysely, sql } from "kysely";
import { z } from "zod";
import type { Tables } from "../database/tables.ts";
import { InputError } from "../errors.ts";
import { type Page, cutPage } from "../page.ts";
import { keyset, readSort, sortMeaning } from "../sort.ts";
import { type Condition, conditionOf } from "./condition.ts";
import type { List } from "./list.ts";

/** Characters of a cursor: three texts of 256, the way JSON and base64 write them at worst, and what names a row. */
const longestCursor = 8000;

/** What is wanted of a list. */
export type Asked = {
  limit: number;
  cursor?: string | undefined;
  filter?: string | undefined;
  sort?: string | undefined;
};

/** What the query parameter `filter` of a list may say. */
export const filterMeaning = ({ fields }: Pick<List, "fields">): string =>
  `which of them, in the language of filters (docs/reference/filters.md); fields: ${Object.keys(fields).join(", ")}`;

/** The query parameters of a list. */
export const listQuery = (list: List) =>
  pageQuery.extend({
    cursor: z.string().max(longestCursor).optional(),
    filter: z.string().optional().describe(filterMeaning(list)),
    sort: z
      .string()
      .max(200)
      .optional()
      .describe(sortMeaning(Object.keys(list.keys))),
  });

function read({ fields }: Pick<List, "fields">, text: string): Filter<string> {
  try {
    return readFilter(text, fields);
  } catch (error) {
    if (error instanceof FilterError) throw InputError.field("filter", text.slice(0, 200), error.message);
    throw error;
  }
}

/** A filter as a condition on a list's rows. @throws InputError naming the place where it is none */
export const filterOf = (list: List, text: string): Condition => conditionOf(list.sources, read(list, text));

/** Whether a filter asks for a field that is found out row by row. A word is looked for in all that are text. */
function asksFor(filter: Filter<string>, { computed, fields }: Pick<List, "computed" | "fields">): boolean {
  if (filter.kind === "field") return computed.has(filter.field);
  if (filter.kind === "text") return [...computed].some((name) => fields[name]?.kind === "text");
  return (filter.kind === "not" ? [filter.of] : filter.of).some((one) => asksFor(one, { computed, fields }));
}

/**
 * One page of a list, in one statement.
 *
 * @param rows the query of the whole list, as far as who asks may see it: without order and limit, and with a column for
 *   every field that is declared
 * @throws InputError for a filter, an order or a cursor that is none
 */
export async function listPage<R extends object>(
  db: Kysely<Tables>,
  list: List,
  rows: Expression<R>,
  { limit, cursor, filter, sort: order }: Asked,
): Promise<Page<R>> {
  const wanted = filter === undefined ? null : read(list, filter);
  const sort = order === undefined ? [] : readSort(order, Object.keys(list.keys));
  if (typeof sort === "string") throw InputError.field("sort", order, sort);
  const { keys, orderBy, after, cursorOf } = keyset(sort, list.keys, list.plain, cursor);
  const costs = (wanted !== null && asksFor(wanted, list)) || sort.some(({ name }) => list.computed.has(name));
  // The planner does not look past an offset: what costs something is found out once for each row.
  const once = costs ? sql`offset 0` : sql``;
  const found = await sql<R & { list_keys?: (string | number)[] }>`
    select listed.*, ${keys} as list_keys from (select * from (${rows}) as whole ${once}) as listed
    where ${wanted === null ? sql`true` : conditionOf(list.sources, wanted)} and ${after} order by ${orderBy} limit ${limit + 1}`.execute(
    db,
  );
  const { items, next } = cutPage(found.rows, limit, (last) => cursorOf(last.list_keys ?? []));
  for (const item of items) delete item.list_keys;
  return { items, next };
}
