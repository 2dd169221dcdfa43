import type { FieldKind, FieldRule, FieldTable } from "@rackwright/contract";
import { type RawBuilder, sql } from "kysely";
import { z } from "zod";
import type { PlainOrder, SortKey } from "../sort.ts";
import { type Source, type Sources, type TextSource, anyOf, containsIn } from "./condition.ts";

/** What its schema does not say of a field; null: it cannot be asked for. */
export type Declared = {
  /** SQL of its value, where that is not the column of its name in `listed`. */
  value?: RawBuilder<unknown>;
  /** Its values as rows, where it has several that are not the elements of an array of texts. */
  rows?: RawBuilder<unknown>;
  /** A name that is told apart by upper and lower case: of a tag, zone, pool, user or image. */
  cased?: boolean;
  /** An IP address or network, which is sorted as such. */
  address?: boolean;
  /** Its query finds it out row by row, at some cost. */
  computed?: boolean;
  /** A number of bytes. */
  bytes?: boolean;
  /** What it is, where its schema tells it otherwise than the database has it. */
  kind?: FieldKind;
  meaning?: string;
} | null;

/** A list of the API that can be filtered and sorted by the fields of its items. */
export type List = {
  /** Its path below `/api/v1/`. */
  path: string;
  item: z.ZodObject;
  fields: FieldTable;
  sources: Sources<string>;
  /** What it can be sorted by: every field with one value. */
  keys: Readonly<Record<string, SortKey>>;
  plain: PlainOrder;
  /** Fields that cost something to find out: a query that asks for one often does so once for each row. */
  computed: ReadonlySet<string>;
};

/** Characters of a text that count when a list is sorted by it. */
const longestKey = 256;

/** What is filtered, sorted and cut into pages: the query of a list, under this name. */
const listed = "listed";

type Field = { name: string; rule: FieldRule; source: Source; value: RawBuilder<unknown> | null; key: SortKey | null };

function innermost(schema: unknown): unknown {
  if (schema instanceof z.ZodNullable || schema instanceof z.ZodOptional) return innermost(schema.def.innerType);
  return schema instanceof z.ZodPipe ? innermost(schema.def.out) : schema;
}

/** What the values of a schema are; null where they are none that a filter could ask for. */
function kindOf(schema: unknown, { kind, bytes = false }: NonNullable<Declared>): FieldKind | null {
  const inner = innermost(schema);
  if (kind !== undefined) return kind;
  if (inner instanceof z.ZodISODateTime) return { kind: "time" };
  if (inner instanceof z.ZodString || inner instanceof z.ZodStringFormat) return { kind: "text" };
  if (inner instanceof z.ZodNumber) return { kind: "number", unit: bytes ? 1000 : null };
  if (inner instanceof z.ZodBoolean) return { kind: "boolean" };
  if (inner instanceof z.ZodEnum) return { kind: "choice", choices: inner.options.map(String) };
  return null;
}

/** The key a field with one value is sorted by: in its own order, and what has no value before everything. */
function keyOf(kind: FieldKind["kind"], value: RawBuilder<unknown>, address: boolean, whole: boolean, some: boolean) {
  const least = (expression: RawBuilder<unknown>, lowest: RawBuilder<unknown>) =>
    some ? expression : sql`coalesce(${expression}, ${lowest})`;
  if (address) return { expression: least(sql`(${value})::inet`, sql`'0.0.0.0/0'::inet`), type: "inet" } as const;
  switch (kind) {
    case "text":
    case "choice":
      // Cursors hold it.
      return { expression: sql`(left(${least(value, sql`''`)}, ${longestKey}) collate "C")`, type: "text" } as const;
    case "number":
      return { expression: least(value, sql`-1`), type: whole ? "bigint" : "double precision" } as const;
    case "boolean":
      return { expression: least(sql`(${value})::integer`, sql`-1`), type: "bigint" } as const;
    case "time":
      return { expression: least(value, sql`'0001-01-01T00:00:00Z'::timestamptz`), type: "timestamptz" } as const;
  }
}

function fieldOf(name: string, schema: unknown, alias: string, declared: NonNullable<Declared>): Field | null {
  const { value = sql.ref(`${alias}.${name}`), cased = false, address = false } = declared;
  const described = schema instanceof z.ZodType ? schema.description : undefined;
  const meaning = declared.meaning ?? described ?? "";
  const inner = innermost(schema);
  const list = inner instanceof z.ZodArray ? kindOf(inner.element, {})?.kind : undefined;
  if (declared.rows !== undefined || list === "text" || list === "choice") {
    const rows = declared.rows ?? sql`unnest(${value})`;
    const source: TextSource = {
      kind: "text",
      column: cased ? sql`sought.value` : sql`lower(sought.value)`,
      lower: !cased,
      wrap: (condition) => sql<boolean>`exists (select from ${rows} as sought(value) where ${condition})`,
    };
    return { name, rule: { kind: "text", meaning }, source, value: null, key: null };
  }
  const kind = kindOf(schema, declared);
  if (kind === null) return null;
  const some = !(schema instanceof z.ZodNullable);
  const whole = inner instanceof z.ZodNumber && inner.isInt;
  return {
    name,
    rule: { ...kind, meaning },
    source:
      kind.kind === "text"
        ? { kind: "text", column: cased ? value : sql`lower(${value})`, lower: !cased }
        : { kind: kind.kind, column: value },
    value,
    key: keyOf(kind.kind, value, address, whole, some),
  };
}

/**
 * Declares a list once: everything its items have can be asked for and sorted by as their schema says, and as `fields` says
 * where that is not enough. Its query must have a column for each of them.
 *
 * @param order what it is sorted by where nobody says otherwise: names of fields, or keys; together they name an item
 * @param separator of these in a cursor, a character their values do not have
 * @param alias what the conditions are on, where that is no query but a table
 * @throws Error for a field that cannot be asked for and is not declared as null
 */
export function declareList(
  path: string,
  item: z.ZodObject,
  {
    order,
    descending = false,
    separator,
    fields: declared = {},
    alias = listed,
  }: {
    order: readonly (string | SortKey)[];
    descending?: boolean;
    separator?: string;
    fields?: Readonly<Record<string, Declared>>;
    alias?: string;
  },
): List {
  const names = [...new Set([...Object.keys(item.shape), ...Object.keys(declared)])];
  const fields = names.flatMap((name): Field[] => {
    const own = declared[name];
    if (own === null) return [];
    const field = fieldOf(name, item.shape[name], alias, own ?? {});
    if (field === null) throw new Error(`It is not declared how ${path} can be filtered by ${name}.`);
    return [field];
  });
  const columns = order.map((key) => {
    if (typeof key !== "string") return { ...key, descending };
    const field = fields.find(({ name }) => name === key);
    if (!field?.key || !field.value) throw new Error(`${path} cannot be sorted by ${key}.`);
    // As it is: an index has it so, and what names an item is never null.
    const expression = field.key.type === "inet" ? field.key.expression : field.value;
    return { expression, type: field.key.type, descending };
  });
  const between = separator ?? (columns.length === 1 ? "" : undefined);
  const texts = fields.flatMap(({ source }) => (source.kind === "text" ? [source] : []));
  return {
    path,
    item,
    fields: Object.fromEntries(fields.map(({ name, rule }) => [name, rule])),
    sources: {
      fields: Object.fromEntries(fields.map(({ name, source }) => [name, source])),
      contains: (text) => anyOf(texts.map((source) => containsIn(source, text))),
    },
    keys: Object.fromEntries(fields.flatMap(({ name, key }) => (key === null ? [] : [[name, key]]))),
    plain: { columns, ...(between !== undefined && { separator: between }) },
    computed: new Set(names.filter((name) => declared[name]?.computed === true)),
  };
}
