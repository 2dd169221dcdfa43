import { type Comparison, type Filter, parseSpan } from "@rackwright/contract";
import { type RawBuilder, sql } from "kysely";
import { escapeLike } from "../database/like.ts";

export type Condition = RawBuilder<boolean>;

/** How a field that is text is asked for. */
export type TextSource = {
  kind: "text";
  /** Its values; in lower case where `lower` is set, and then values in whatever case fit. */
  column: RawBuilder<unknown>;
  lower: boolean;
  /** Makes a condition on rows of one on `column`, where that is of other rows. */
  wrap?: (condition: Condition) => Condition;
};
/** Where the values of a field are. A row whose value is null has none. */
export type Source = TextSource | { kind: "choice" | "number" | "boolean" | "time"; column: RawBuilder<unknown> };

/** What a list can be asked for: a source for each of its fields, and in which rows a text occurs. */
export type Sources<F extends string> = {
  fields: Readonly<Record<F, Source>>;
  contains: (text: string) => Condition;
};

type Asked = { comparison: Comparison; values: readonly (string | number)[] };

const operators: Record<Exclude<Comparison, ":">, RawBuilder<unknown>> = {
  ">=": sql`>=`,
  "<=": sql`<=`,
  ">": sql`>`,
  "<": sql`<`,
};

/** The condition that one of the conditions holds. */
export const anyOf = (conditions: readonly Condition[]): Condition =>
  conditions.length === 0 ? sql<boolean>`false` : sql<boolean>`(${sql.join(conditions, sql` or `)})`;

function textCondition({ column, lower, wrap }: TextSource, values: readonly string[]): Condition {
  const cased = (value: string) => (lower ? sql`lower(${value}::text)` : sql`${value}::text`);
  const exact = values.filter((value) => !value.includes("*"));
  // One parameter each: what a pattern begins with is looked up in an index.
  const patterns = values
    .filter((value) => value.includes("*"))
    .map((value) => sql<boolean>`${column} like ${cased(escapeLike(value).replaceAll("*", "%"))}`);
  const conditions = [
    ...(exact.length > 0 ? [sql<boolean>`${column} in (${sql.join(exact.map(cased))})`] : []),
    ...patterns,
  ];
  return wrap === undefined ? anyOf(conditions) : wrap(anyOf(conditions));
}

function timeCondition(column: RawBuilder<unknown>, { comparison, values }: Asked): Condition {
  if (values.includes("*")) return sql<boolean>`${column} is not null`;
  const spans = values.flatMap((value) => parseSpan(String(value)) ?? []);
  const at = (moment: Date) => sql`${moment.toISOString()}::timestamptz`;
  return anyOf(
    spans.map(({ from, to }) => {
      switch (comparison) {
        case ":":
          return sql<boolean>`(${column} >= ${at(from)} and ${column} < ${at(to)})`;
        case ">=":
          return sql<boolean>`${column} >= ${at(from)}`;
        case "<":
          return sql<boolean>`${column} < ${at(from)}`;
        case ">":
          return sql<boolean>`${column} >= ${at(to)}`;
        case "<=":
          return sql<boolean>`${column} < ${at(to)}`;
      }
    }),
  );
}

function fieldCondition(source: Source, asked: Asked): Condition {
  const { comparison, values } = asked;
  switch (source.kind) {
    case "number":
      if (values.includes("*")) return sql<boolean>`${source.column} is not null`;
      if (comparison === ":") return sql<boolean>`${source.column} = any(${values}::bigint[])`;
      return sql<boolean>`${source.column} ${operators[comparison]} ${values[0]}::bigint`;
    case "time":
      return timeCondition(source.column, asked);
    case "choice":
      return sql<boolean>`${source.column} = any(${values.map(String)}::text[])`;
    case "boolean":
      return sql<boolean>`${source.column} = any(${values.map(String)}::text[]::boolean[])`;
    case "text":
      return textCondition(source, values.map(String));
  }
}

/**
 * A filter as a condition on the rows of a list, all values as parameters. Where a row has no value for a field, the
 * field's condition does not hold, and so `not` of it does.
 */
export function conditionOf<F extends string>(sources: Sources<F>, filter: Filter<F>): Condition {
  switch (filter.kind) {
    case "and":
    case "or": {
      if (filter.of.length === 0) return sql<boolean>`${filter.kind === "and"}::boolean`;
      const conditions = filter.of.map((one) => conditionOf(sources, one));
      return sql<boolean>`(${sql.join(conditions, filter.kind === "and" ? sql` and ` : sql` or `)})`;
    }
    case "not":
      return sql<boolean>`(${conditionOf(sources, filter.of)}) is not true`;
    case "text":
      return sources.contains(filter.text);
    case "field":
      return fieldCondition(sources.fields[filter.field], filter);
  }
}

/** Whether a text occurs in a field, in whatever case. */
export function containsIn({ column, lower, wrap }: TextSource, text: string): Condition {
  const whole = lower ? column : sql`lower(${column})`;
  const condition = sql<boolean>`${whole} like lower(${`%${escapeLike(text)}%`}::text)`;
  return wrap === undefined ? condition : wrap(condition);
}
