/** An error that names fields of the API, with the options people gave for them instead. */
export function inOptions<T>(error: T, options: Readonly<Record<string, string>>): T | CliError {
  if (!(error instanceof CliError) || error.code === undefined) return error;
  const named = Object.entries(options).reduce(
    (text, [field, option]) =>
      // A field is named at the beginning of a sentence, or where it is no word of the language and none of a list.
      text.replaceAll(
        new RegExp(
          field.includes("_")
            ? `(?<![-\\w]|, )${field}(\\.\\d+|\\[\\d+\\])?(?![\\w,])`
            : `(?<=^|; |\\n {2})${field.replace(".", "\\.")}(\\.\\d+|\\[\\d+\\])?(?=:? )`,
          "g",
        ),
        option,
      ),
    error.message,
  );
  const read = named
    .replaceAll(/(--[a-z-]+|<[a-z-]+>): must /g, "$1 must ")
    .replaceAll(/(--[a-z-]+) This field is required\./g, "$1 must be given.")
    .replaceAll(/(--[a-z-]+) (?=[A-Z])/g, "$1: ")
    // A field that is no option here, before a whole sentence.
    .replace(/^[a-z]+(_[a-z]+)+ (?=[A-Z])/, "");
  return new CliError(read, error.next, error.exitCode, error.code);
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
