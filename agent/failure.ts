import { agentDefect, makeFailure, type Cause } from "@rackwright/contract";
import type { Failure } from "@rackwright/contract";
import type { RunResult } from "./world.ts";

/** A step could not be done; carries what the operator is told. */
export class StepFailed extends Error {
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.message);
    this.failure = failure;
  }
}

/** The last lines of a text, for evidence. */
export function lastLines(text: string, count: number): string[] {
  return text
    .split("\n")
    .map((line) => line.trimEnd().slice(0, 500))
    .filter((line) => line !== "")
    .slice(-count);
}

/** A failure for a program that ended badly or ran too long. */
export function programFailure(cause: Cause, what: string, argv: readonly string[], result: RunResult): StepFailed {
  const how = result.timedOut
    ? `was stopped after ${Math.round(result.seconds)} s`
    : `ended with status ${result.status}`;
  return new StepFailed(
    makeFailure(cause, `${what}: ${argv[0]} ${how}.`, [
      `$ ${argv.join(" ")}`.slice(0, 500),
      ...lastLines(result.output, 5),
      ...lastLines(result.error, 15),
    ]),
  );
}

/** Any thrown thing as a failure the region can store. */
export function asFailure(error: unknown): Failure {
  if (error instanceof StepFailed) return error.failure;
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return makeFailure(
    agentDefect,
    `The agent met an error it does not know: ${error instanceof Error ? error.message : String(error)}`,
    lastLines(text, 12),
  );
}
