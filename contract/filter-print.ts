import { type Filter, fieldRule, printQuantity } from "./filter-fields.ts";

/** Words that join conditions: as something to look for they need quotation marks. */
export const keyword = /^(or|and|not)$/i;

/** A value or a word to look for, in quotation marks where it needs them. */
export function printText(text: string): string {
  const bare = /^[A-Za-z0-9_.*/@+-]+$/.test(text) && !keyword.test(text);
  return bare ? text : `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}

function nested(filter: Filter, bare: boolean): string {
  return bare ? printFilter(filter) : `(${printFilter(filter)})`;
}

/** A filter as text that `parseFilter` reads as the same filter. */
export function printFilter(filter: Filter): string {
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
      const rule = fieldRule(filter.field);
      const unit = rule.kind === "number" ? rule.unit : null;
      const values = filter.values.map((value) =>
        typeof value === "number" ? printQuantity(value, unit) : printText(value),
      );
      return `${filter.field}${filter.comparison}${values.join(",")}`;
    }
  }
}
