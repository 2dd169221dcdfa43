/** Something the person at the terminal can act on: one sentence, and what to do next. */
export class CliError extends Error {
  readonly next: string;
  readonly exitCode: number;

  constructor(message: string, next: string, exitCode = 1) {
    super(message);
    this.next = next;
    this.exitCode = exitCode;
  }
}
