import { ipAddress, ipNetwork, nearest } from "@rackwright/contract";
import { type RawBuilder, sql } from "kysely";
import { z } from "zod";
import { InputError } from "./errors.ts";

/** The order of a list: names of what it is sorted by, the weightiest first. */
export type Sort<N extends string> = readonly { name: N; descending: boolean }[];

/** What a list can be sorted by: an SQL expression that is never null, and the type it is compared as. */
export type SortKey = {
  expression: RawBuilder<unknown>;
  type: "text" | "bigint" | "double precision" | "timestamptz" | "inet";
};

/** The order of a list where nobody asks for another one: columns that together name a row. */
export type PlainOrder = {
  columns: readonly (SortKey & { descending?: boolean })[];
  /** What is between their values in a cursor; left out, values may hold anything. */
  separator?: string;
};

/** Keys an order may have. */
const mostKeys = 3;

/** What an order may be, in words. */
const allowedOrder = (names: readonly string[]): string =>
  `must be up to ${mostKeys} of ${names.join(", ")} with commas between, each with '-' before it to go downwards`;
/** The same with an example. */
export const sortMeaning = (names: readonly string[]): string =>
  `such as -${names.at(-1)},${names[0]}: up to ${mostKeys} of ${names.join(", ")}; '-' goes downwards`;

/** Reads names with commas between, `-` before one that goes downwards; what is allowed where it is none. */
export function readSort<N extends string>(text: string, names: readonly N[]): Sort<N> | string {
  const sort = text.split(",").map((part) => {
    const name = part.trim();
    return { name: name.replace(/^-/, ""), descending: name.startsWith("-") };
  });
  const known = sort.flatMap(({ name, descending }) => (isOneOf(name, names) ? [{ name, descending }] : []));
  const wrong = sort.find(
    ({ name }, index) => !isOneOf(name, names) || sort.findIndex((one) => one.name === name) !== index,
  );
  if (wrong === undefined && sort.length <= mostKeys) return known;
  const meant = nearest(wrong?.name.slice(0, 100) ?? "", names);
  const allowed = allowedOrder(names);
  return meant === undefined || meant === wrong?.name ? allowed : `${allowed} (did you mean ${meant}?)`;
}

/** The query parameter `sort`. */
export function sortOf<N extends string>(keys: Readonly<Record<N, SortKey>>) {
  const names = Object.keys(keys) as N[];
  return z
    .string()
    .max(200)
    .transform((text, context): Sort<N> => {
      const sort = readSort(text, names);
      if (typeof sort !== "string") return sort;
      context.addIssue({ code: "custom", message: sort });
      return z.NEVER;
    })
    .describe(sortMeaning(names));
}

const isOneOf = <N extends string>(name: string, names: readonly N[]): name is N => names.includes(name as N);

/** Columns a row may be named by. */
const mostColumns = 4;
type Value = string | number;
/** A place in a sorted list: the order, then the values of its keys and of what names the last row seen. */
const place = z.array(z.union([z.string(), z.number()])).max(mostKeys + mostColumns + 1);

/** How the rows of one page are found. */
export type Keyset = {
  /** The keys of a row, as `cursorOf` wants them. */
  keys: RawBuilder<Value[]>;
  orderBy: RawBuilder<unknown>;
  /** Whether a row comes after the cursor; always without one. */
  after: RawBuilder<boolean>;
  cursorOf: (keys: readonly Value[]) => string;
};

/**
 * A page of a sorted list, by keys and not by counting, so that the last page costs what the first does and rows that come
 * or go meanwhile shift nothing. An index on (expression of the first key, id) serves both directions.
 *
 * @param plain the order where `sort` is empty, and among rows that are alike in what they are sorted by
 * @throws InputError for a cursor that is not of this order
 */
export function keyset<N extends string>(
  sort: Sort<N>,
  keys: Readonly<Record<N, SortKey>>,
  plain: PlainOrder,
  cursor: string | undefined,
): Keyset {
  const order = sort.map(({ name, descending }) => `${descending ? "-" : ""}${name}`).join(",");
  const downwards = sort[0]?.descending;
  const columns: Column[] = [
    ...sort.map(({ name, descending }) => ({ ...keys[name], descending })),
    ...plain.columns.map((column) => ({ ...column, descending: downwards ?? column.descending === true })),
  ];
  const separator = sort.length === 0 ? plain.separator : undefined;
  const last = cursor === undefined ? null : readCursor(cursor, order, columns, separator);
  return {
    keys: sql<Value[]>`jsonb_build_array(${sql.join(columns.map(shown))})`,
    orderBy: sql.join(
      columns.map(({ expression, descending }) => sql`${expression} ${descending ? sql`desc` : sql`asc`}`),
    ),
    after: last === null ? sql<boolean>`true` : follows(columns, last),
    cursorOf: (values) =>
      separator === undefined
        ? Buffer.from(JSON.stringify([order, ...values])).toString("base64url")
        : values.join(separator),
  };
}

type Column = SortKey & { descending: boolean };

/** A moment with its microseconds, which a Date of JavaScript would lose. */
function shown({ expression, type }: SortKey): RawBuilder<unknown> {
  if (type !== "timestamptz") return expression;
  return sql`to_char(${expression} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
}

const valueOf = ({ type }: Column, value: Value | undefined) => sql`${value}::${sql.raw(type)}`;

function follows(columns: readonly Column[], values: readonly Value[]): RawBuilder<boolean> {
  const [column, ...rest] = columns;
  if (column === undefined) return sql<boolean>`false`;
  const value = valueOf(column, values[0]);
  // All in one direction: an index of these columns leads right to where the page begins.
  if (rest.length > 0 && rest.every(({ descending }) => descending === column.descending))
    return sql<boolean>`(${sql.join(columns.map(({ expression }) => expression))}) ${column.descending ? sql`<` : sql`>`}
      (${sql.join(columns.map((one, index) => valueOf(one, values[index])))})`;
  const beyond = sql<boolean>`${column.expression} ${column.descending ? sql`<` : sql`>`} ${value}`;
  if (rest.length === 0) return beyond;
  // Said first of all the rest, so that an index leads to where the page begins.
  const from = sql<boolean>`${column.expression} ${column.descending ? sql`<=` : sql`>=`} ${value}`;
  return sql<boolean>`(${from} and (${beyond} or ${follows(rest, values.slice(1))}))`;
}

const typeOf = {
  text: z.string(),
  bigint: z.int(),
  "double precision": z.number(),
  // PostgreSQL has no year 0.
  timestamptz: z.iso.datetime().refine((text) => !text.startsWith("0000")),
  inet: z.union([ipAddress, ipNetwork]),
};

function readCursor(
  cursor: string,
  order: string,
  columns: readonly Column[],
  separator: string | undefined,
): readonly Value[] {
  const values = separator === undefined ? readPlace(cursor, order) : readPlain(cursor, columns, separator);
  const fits = columns.every(({ type }, index) => typeOf[type].safeParse(values?.[index]).success);
  const storable = values?.every(
    (value) => typeof value === "number" || (!value.includes("\0") && value.isWellFormed()),
  );
  if (values?.length !== columns.length || !fits || storable !== true)
    throw InputError.field("cursor", cursor.slice(0, 100), "must be the 'next' value of a page in the same order");
  return values;
}

function readPlace(cursor: string, order: string): readonly Value[] | null {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
    const [first, ...values] = place.safeParse(parsed).data ?? [];
    return first === order ? values : null;
  } catch {
    return null;
  }
}

function readPlain(cursor: string, columns: readonly Column[], separator: string): readonly Value[] {
  const texts = columns.length === 1 ? [cursor] : cursor.split(separator);
  return texts.map((text, index) =>
    columns[index]?.type === "bigint" && /^(0|[1-9]\d{0,14})$/.test(text) ? Number(text) : text,
  );
}
