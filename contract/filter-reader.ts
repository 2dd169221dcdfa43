import {
  type Comparison,
  type FieldRule,
  type FieldTable,
  type Filter,
  choicesOf,
  comparisons,
  isFieldOf,
  parseQuantity,
} from "./filter-fields.ts";
import { keyword, printText } from "./filter-print.ts";
import { nearest } from "./nearest.ts";
import { FilterError } from "./filter-error.ts";
import { matchingChoices } from "./filter-choices.ts";
import { parseSpan, spanForms } from "./filter-time.ts";

const deepest = 32;
const mostTerms = 200;
const mostValues = 500;

function exampleOf(rule: FieldRule): string {
  if (rule.kind === "number") return ">=1";
  if (rule.kind === "time") return ">=2026-01-31";
  return `:${printText(choicesOf(rule)?.[0] ?? "a*")}`;
}

/** Reads one text, from the left. */
export class Reader<F extends string> {
  private at = 0;
  private terms = 0;
  private values = 0;
  private readonly text: string;
  private readonly fields: FieldTable<F>;
  private readonly names: readonly string[];

  constructor(text: string, fields: FieldTable<F>) {
    this.text = text;
    this.fields = fields;
    this.names = Object.keys(fields);
  }

  private aTerm(): string {
    const [first, rule] = Object.entries<FieldRule>(this.fields)[0] ?? [];
    const example = first === undefined || rule === undefined ? "" : ` such as ${first}${exampleOf(rule)}`;
    return `a condition${example}, a word to look for, 'not', or '('`;
  }

  whole(): Filter<F> {
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

  private alternatives(depth: number): Filter<F> {
    if (depth > deepest) throw this.wrong(`no more than ${deepest} levels of parentheses and 'not'`);
    const of = [this.conjunction(depth)];
    while (this.take("or")) of.push(this.conjunction(depth));
    return of.length === 1 && of[0] ? of[0] : { kind: "or", of };
  }

  private conjunction(depth: number): Filter<F> {
    const of = [this.negation(depth)];
    for (;;) {
      const joined = this.take("and");
      if (!joined && (this.at >= this.text.length || this.text[this.at] === ")" || /^or$/i.test(this.peek()))) break;
      of.push(this.negation(depth));
    }
    return of.length === 1 && of[0] ? of[0] : { kind: "and", of };
  }

  private negation(depth: number): Filter<F> {
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

  private term(): Filter<F> {
    const start = this.at;
    const word = this.peek();
    if (++this.terms > mostTerms) throw this.wrong(`no more than ${mostTerms} conditions`, start, word.length);
    if (this.at === this.text.length || this.text[this.at] === ")") throw this.wrong(this.aTerm());
    if (keyword.test(word)) throw this.wrong(this.aTerm(), start, word.length);
    if (this.text[this.at] === '"') return this.freeText(this.quoted());
    const [, name = "", sign] = /^([^:=<>"]*)(>=|<=|[:=<>])?/.exec(word) ?? [];
    if (sign === undefined) {
      this.at += word.length;
      return this.freeText(word);
    }
    const field = name.toLowerCase();
    if (!isFieldOf(this.fields, field))
      throw this.wrong(
        `one of the fields ${this.names.join(", ")} (or the whole word in quotation marks, to look for it)`,
        start,
        Math.max(1, name.length),
        this.names,
      );
    this.at += name.length;
    const comparison = this.comparison(field, sign);
    const values = [...this.value(field, comparison)];
    while (this.text[this.at] === ",") {
      if (comparison !== ":") throw this.wrong(`a single ${this.fields[field].kind} after ${sign}`);
      this.at++;
      values.push(...this.value(field, comparison));
    }
    if (this.at < this.text.length && !/[\s()]/.test(this.text[this.at] ?? ""))
      throw this.wrong("a space, ',' or ')' after a value");
    this.space();
    return { kind: "field", field, comparison, values };
  }

  private freeText(text: string): Filter<F> {
    if (text === "") throw this.wrong("a word to look for that is not empty");
    this.space();
    return { kind: "text", text };
  }

  private comparison(field: F, sign: string): Comparison {
    const known = comparisons.find((one) => one === sign);
    const ordered = ["number", "time"].includes(this.fields[field].kind);
    if (known === undefined || (!ordered && known !== ":" && known !== "="))
      throw this.wrong(`':' after ${field}, which is no number and no time`, this.at, sign.length);
    this.at += sign.length;
    return known === "=" ? ":" : known;
  }

  private value(field: F, comparison: Comparison): (string | number)[] {
    const start = this.at;
    const text = this.text[start] === '"' ? this.quoted() : this.bare();
    const wrong = (allowed: string, known?: readonly string[]) =>
      this.wrong(allowed, start, Math.max(1, this.at - start), known);
    if (++this.values > mostValues) throw wrong(`no more than ${mostValues} values`);
    const rule: FieldRule = this.fields[field];
    // Whatever value it has.
    if (text === "*" && comparison === ":" && (rule.kind === "number" || rule.kind === "time")) return [text];
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
    if (rule.kind === "time") {
      if (parseSpan(text) === null) throw wrong(spanForms);
      return [text];
    }
    const choices = choicesOf(rule) ?? [];
    const found = matchingChoices(text, choices);
    if (found.length === 0) throw wrong(`one of ${choices.map(printText).join(", ")}`, choices);
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
