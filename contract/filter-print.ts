import { type FieldTable, type Filter, filterFields, printQuantity } from "./filter-fields.ts";

/** Words that join conditions: as something to look for they need quotation marks. */
export const keyword = /^(or|and|not)$/i;

/** A value or a word to look for, in quotation marks where it needs them. */
export function printText(text: string): string {
  const bare = /^[A-Za-z0-9_.*/@+-]+$/.test(text) && !keyword.test(text);
  return bare ? text : `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}

/** A filter of machines as text that `parseFilter` reads as the same filter. */
export function printFilter(filter: Filter): string {
  return printFilterOf(filterFields, filter);
}

/** A filter as text that `readFilter` with the same fields reads as the same filter. */
export function printFilterOf<F extends string>(fields: FieldTable<F>, filter: Filter<F>): string {
  const nested = (one: Filter<F>, bare: boolean): string =>
    bare ? printFilterOf(fields, one) : `(${printFilterOf(fields, one)})`;
  switch (filter.kind) {
    case "and":
      return filter.of.map((one) => nested(one, one.kind !== "and" && one.kind !== "or")).join(" ");
    case "or":
      return filter.of.map((one) => nested(one, one.kind !== "or")).join(" or ");
    case "not":
      return `not ${nested(filter.of, filter.of.kind !== "and" && filter.of.kind !== "or")}`;
    case "text":
      return printText(filter.text);
    case "field": {
      const rule = fields[filter.field];
      const unit = rule.kind === "number" ? rule.unit : null;
      const values = filter.values.map((value) =>
        typeof value === "number" ? printQuantity(value, unit) : printText(value),
      );
      return `${filter.field}${filter.comparison}${values.join(",")}`;
    }
  }
}
