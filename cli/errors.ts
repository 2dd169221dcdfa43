/** An error that names fields of the API, with the options people gave for them instead. */
export function inOptions(error: unknown, options: Readonly<Record<string, string>>): unknown {
  if (!(error instanceof CliError) || error.code === undefined) return error;
  const named = Object.entries(options).reduce(
    (text, [field, option]) =>
      // A field is named at the beginning of a sentence, or where it is no word of the language.
      text.replaceAll(
        new RegExp(
          field.includes("_") ? `\\b${field}(\\.\\d+)?\\b` : `(?<=^|; |\\n {2})${field}(\\.\\d+)?(?=: | must | needs )`,
          "g",
        ),
        option,
      ),
    error.message,
  );
  return new CliError(named.replaceAll(/(--[a-z-]+): must /g, "$1 must "), error.next, error.exitCode, error.code);
}

/** Something the person at the terminal can act on: one sentence, and what to do next. */
export class CliError extends Error {
  readonly next: string;
  readonly exitCode: number;
  /** The region's name for its refusal, where it was one. */
  readonly code: string | undefined;

  constructor(message: string, next: string, exitCode = 1, code?: string) {
    super(message);
    this.next = next;
    this.exitCode = exitCode;
    this.code = code;
  }
}
