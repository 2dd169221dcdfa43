import { nearest } from "@rackwright/contract";
import { type RawBuilder, sql } from "kysely";
import { z } from "zod";
import { InputError } from "./errors.ts";

/** The order of a list: names of what it is sorted by, the weightiest first. */
export type Sort<N extends string> = readonly { name: N; descending: boolean }[];

/** What a list can be sorted by: an SQL expression that is never null, and the type it is compared as. */
export type SortKey = { expression: RawBuilder<unknown>; type: "text" | "bigint" | "timestamptz" };

/** Keys an order may have. */
const mostKeys = 3;

/** The query parameter `sort`: names with commas between, `-` before one that goes downwards. */
export function sortOf<N extends string>(keys: Readonly<Record<N, SortKey>>) {
  const names = Object.keys(keys) as N[];
  const allowed = `must be up to ${mostKeys} of ${names.join(", ")} with commas between, each with '-' before it to go downwards`;
  return z
    .string()
    .max(200)
    .transform((text, context): Sort<N> => {
      const parts = text.split(",").map((part) => part.trim());
      const sort = parts.map((part) => ({ name: part.replace(/^-/, ""), descending: part.startsWith("-") }));
      const wrong = sort.find(
        ({ name }, index) => !isOneOf(name, names) || sort.findIndex((one) => one.name === name) !== index,
      );
      if (wrong === undefined && sort.length <= mostKeys) return sort as unknown as Sort<N>;
      const meant = nearest(wrong?.name ?? "", names);
      context.addIssue({
        code: "custom",
        message: meant === undefined || meant === wrong?.name ? allowed : `${allowed} (did you mean ${meant}?)`,
      });
      return z.NEVER;
    })
    .describe(`such as -${names.at(-1)},${names[0]}: up to ${mostKeys} of ${names.join(", ")}; '-' goes downwards`);
}

const isOneOf = <N extends string>(name: string, names: readonly N[]): name is N => names.includes(name as N);

/** A place in a sorted list: the order, then the values of its keys and the id of the last row seen. */
const place = z.array(z.union([z.string(), z.number()])).max(mostKeys + 2);

/** How the rows of one page are found. */
export type Keyset = {
  /** The keys of a row, as `cursorOf` wants them. */
  keys: RawBuilder<(string | number)[]>;
  orderBy: RawBuilder<unknown>;
  /** Whether a row comes after the cursor; always without one. */
  after: RawBuilder<boolean>;
  cursorOf: (keys: readonly (string | number)[], id: string | number) => string;
};

/**
 * A page of a sorted list, by keys and not by counting, so that the last page costs what the first does and rows that come
 * or go meanwhile shift nothing. An index on (expression of the first key, id) serves both directions.
 *
 * @throws InputError for a cursor that is not of this order
 */
export function keyset<N extends string>(
  sort: Sort<N>,
  keys: Readonly<Record<N, SortKey>>,
  id: SortKey,
  cursor: string | undefined,
): Keyset {
  const order = sort.map(({ name, descending }) => `${descending ? "-" : ""}${name}`).join(",");
  const downwards = sort[0]?.descending === true;
  const columns = [
    ...sort.map(({ name, descending }) => ({ ...keys[name], descending })),
    { ...id, descending: downwards },
  ];
  const last = cursor === undefined ? null : readCursor(cursor, order, columns);
  return {
    keys: sql<(string | number)[]>`jsonb_build_array(${sql.join(sort.map(({ name }) => shown(keys[name])))})`,
    orderBy: sql.join(
      columns.map(({ expression, descending }) => sql`${expression} ${descending ? sql`desc` : sql`asc`}`),
    ),
    after: last === null ? sql<boolean>`true` : follows(columns, last),
    cursorOf: (values, row) => Buffer.from(JSON.stringify([order, ...values, row])).toString("base64url"),
  };
}

type Column = SortKey & { descending: boolean };

/** A moment with its microseconds, which a Date of JavaScript would lose. */
function shown({ expression, type }: SortKey): RawBuilder<unknown> {
  if (type !== "timestamptz") return expression;
  return sql`to_char(${expression} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
}

function follows(columns: readonly Column[], values: readonly (string | number)[]): RawBuilder<boolean> {
  const [column, ...rest] = columns;
  if (column === undefined) return sql<boolean>`false`;
  const value = sql`${values[0]}::${sql.raw(column.type)}`;
  const beyond = sql<boolean>`${column.expression} ${column.descending ? sql`<` : sql`>`} ${value}`;
  if (rest.length === 0) return beyond;
  // Said first of all the rest, so that an index leads to where the page begins.
  const from = sql<boolean>`${column.expression} ${column.descending ? sql`<=` : sql`>=`} ${value}`;
  return sql<boolean>`(${from} and (${beyond} or ${follows(rest, values.slice(1))}))`;
}

const typeOf = { text: z.string(), bigint: z.int(), timestamptz: z.iso.datetime() };

function readCursor(cursor: string, order: string, columns: readonly Column[]): (string | number)[] {
  const wrong = () =>
    InputError.field("cursor", cursor.slice(0, 100), "must be the 'next' value of a page in the same order");
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
  } catch {
    throw wrong();
  }
  const [first, ...values] = place.safeParse(parsed).data ?? [];
  const fits = columns.every(({ type }, index) => typeOf[type].safeParse(values[index]).success);
  const storable = values.every(
    (value) => typeof value === "number" || (!value.includes("\0") && value.isWellFormed()),
  );
  if (first !== order || values.length !== columns.length || !fits || !storable) throw wrong();
  return values;
}
