import {
  type Comparison,
  type Filter,
  type FilterField,
  comparisons,
  fieldRule,
  filterFieldNames,
  isFilterField,
  parseQuantity,
} from "./filter-fields.ts";
import { keyword, printText } from "./filter-print.ts";
import { nearest } from "./nearest.ts";
import { FilterError } from "./filter-error.ts";
import { matchingChoices } from "./filter-choices.ts";

const deepest = 32;
const mostTerms = 200;
const mostValues = 500;

const aTerm = "a condition such as status:ready, a word to look for, 'not', or '('";

/** Reads one text, from the left. */
export class Reader {
  private at = 0;
  private terms = 0;
  private values = 0;
  private readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  whole(): Filter {
    this.space();
    if (this.at === this.text.length) return { kind: "and", of: [] };
    const filter = this.alternatives(0);
    if (this.at < this.text.length) throw this.wrong("a '(' before this ')'");
    return filter;
  }

  private wrong(allowed: string, position = this.at, length = 1, known: readonly string[] = []): FilterError {
    const found = this.text.slice(position, position + length);
    return new FilterError(position, found, allowed, nearest(found, known));
  }

  private space(): void {
    while (/\s/.test(this.text[this.at] ?? "")) this.at++;
  }

  /** The next bare word, which is not taken. */
  private peek(): string {
    return /^[^\s()"]*/.exec(this.text.slice(this.at))?.[0] ?? "";
  }

  private take(word: string): boolean {
    if (this.peek().toLowerCase() !== word) return false;
    this.at += word.length;
    this.space();
    return true;
  }

  private alternatives(depth: number): Filter {
    if (depth > deepest) throw this.wrong(`no more than ${deepest} levels of parentheses and 'not'`);
    const of = [this.conjunction(depth)];
    while (this.take("or")) of.push(this.conjunction(depth));
    return of.length === 1 && of[0] ? of[0] : { kind: "or", of };
  }

  private conjunction(depth: number): Filter {
    const of = [this.negation(depth)];
    for (;;) {
      const joined = this.take("and");
      if (!joined && (this.at >= this.text.length || this.text[this.at] === ")" || /^or$/i.test(this.peek()))) break;
      of.push(this.negation(depth));
    }
    return of.length === 1 && of[0] ? of[0] : { kind: "and", of };
  }

  private negation(depth: number): Filter {
    if (depth > deepest) throw this.wrong(`no more than ${deepest} levels of parentheses and 'not'`);
    if (this.take("not")) return { kind: "not", of: this.negation(depth + 1) };
    if (this.text[this.at] !== "(") return this.term();
    const opened = this.at++;
    this.space();
    const inner = this.alternatives(depth + 1);
    if (this.text[this.at] !== ")") throw this.wrong(`')' for the '(' at character ${opened + 1}`);
    this.at++;
    this.space();
    return inner;
  }

  private term(): Filter {
    const start = this.at;
    const word = this.peek();
    if (++this.terms > mostTerms) throw this.wrong(`no more than ${mostTerms} conditions`, start, word.length);
    if (this.at === this.text.length || this.text[this.at] === ")") throw this.wrong(aTerm);
    if (keyword.test(word)) throw this.wrong(aTerm, start, word.length);
    if (this.text[this.at] === '"') return this.freeText(this.quoted());
    const [, name = "", sign] = /^([^:=<>"]*)(>=|<=|[:=<>])?/.exec(word) ?? [];
    if (sign === undefined) {
      this.at += word.length;
      return this.freeText(word);
    }
    const field = name.toLowerCase();
    if (!isFilterField(field))
      throw this.wrong(
        `one of the fields ${filterFieldNames.join(", ")} (or the whole word in quotation marks, to look for it)`,
        start,
        Math.max(1, name.length),
        filterFieldNames,
      );
    this.at += name.length;
    const comparison = this.comparison(field, sign);
    const values = [...this.value(field)];
    while (this.text[this.at] === ",") {
      if (comparison !== ":") throw this.wrong(`a single number after ${sign}`);
      this.at++;
      values.push(...this.value(field));
    }
    if (this.at < this.text.length && !/[\s()]/.test(this.text[this.at] ?? ""))
      throw this.wrong("a space, ',' or ')' after a value");
    this.space();
    return { kind: "field", field, comparison, values };
  }

  private freeText(text: string): Filter {
    if (text === "") throw this.wrong("a word to look for that is not empty");
    this.space();
    return { kind: "text", text };
  }

  private comparison(field: FilterField, sign: string): Comparison {
    const known = comparisons.find((one) => one === sign);
    const numeric = fieldRule(field).kind === "number";
    if (known === undefined || (!numeric && known !== ":" && known !== "="))
      throw this.wrong(`':' after ${field}, which is no number`, this.at, sign.length);
    this.at += sign.length;
    return known === "=" ? ":" : known;
  }

  private value(field: FilterField): (string | number)[] {
    const start = this.at;
    const text = this.text[start] === '"' ? this.quoted() : this.bare();
    const wrong = (allowed: string, known?: readonly string[]) =>
      this.wrong(allowed, start, Math.max(1, this.at - start), known);
    if (++this.values > mostValues) throw wrong(`no more than ${mostValues} values`);
    const rule = fieldRule(field);
    if (rule.kind === "number") {
      const number = parseQuantity(text, rule.unit);
      if (number === null)
        throw wrong(`a whole number${rule.unit === null ? "" : " with K, M, G, T or P, such as 16G, 1.5T or 64GiB"}`);
      return [number];
    }
    if (rule.kind === "text") {
      if (text === "") throw wrong(`a value after ${field}, '*' stands for any characters`);
      return [text];
    }
    const found = matchingChoices(text, rule.choices);
    if (found.length === 0) throw wrong(`one of ${rule.choices.map(printText).join(", ")}`, rule.choices);
    return found;
  }

  private bare(): string {
    const text = /^[^\s(),"]*/.exec(this.text.slice(this.at))?.[0] ?? "";
    this.at += text.length;
    return text;
  }

  private quoted(): string {
    const start = this.at;
    const match = /^"((?:[^"\\]|\\["\\])*)"/s.exec(this.text.slice(start));
    if (match === null) throw this.wrong('a closing quotation mark (inside, write \\" and \\\\)', start, 60);
    this.at += match[0].length;
    return (match[1] ?? "").replaceAll(/\\(["\\])/g, "$1");
  }
}
