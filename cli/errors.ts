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
