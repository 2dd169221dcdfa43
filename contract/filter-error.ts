import { printText } from "./filter-print.ts";

/** Why a text is no filter: where (characters before it), what was found there, what is allowed. */
export class FilterError extends Error {
  readonly position: number;
  readonly found: string;
  readonly allowed: string;

  constructor(position: number, found: string, allowed: string, near?: string) {
    const seen = found === "" ? "the end" : `'${found.slice(0, 60)}'`;
    const meant = near === undefined ? "" : ` (did you mean ${printText(near)}?)`;
    super(`at character ${position + 1}: found ${seen}${meant}, where there must be ${allowed}`);
    this.name = "FilterError";
    this.position = position;
    this.found = found;
    this.allowed = allowed;
  }
}
