import {
  badInput,
  idempotencyKeyReused,
  methodNotAllowed,
  notAllowed,
  notAuthenticated,
  notFound,
  preconditionFailed,
  stateConflict,
  tooManyAttempts,
} from "@rackwright/contract";
import type { Failure, Problem } from "@rackwright/contract";

/** One field that was refused: where it is, what was given, what would have been right. */
export type FieldFailure = { field: string; value?: unknown; allowed: string };

/** A cause of the failure catalogue will do: its code and its next step. */
type Details = { code: string; next?: string; failures?: FieldFailure[]; cause?: unknown };

/**
 * Every error the region throws on purpose. The subclass tells who has to act; the HTTP edge maps each family to one
 * status. `code` is stable, `message` is one sentence, `next` says what to do.
 */
export abstract class RegionError extends Error {
  abstract readonly status: number;
  abstract readonly title: string;
  readonly code: string;
  readonly next: string | undefined;
  readonly failures: FieldFailure[] | undefined;

  constructor(message: string, details: Details) {
    super(message, { cause: details.cause });
    this.name = new.target.name;
    this.code = details.code;
    this.next = details.next;
    this.failures = details.failures;
  }

  /** The error as an RFC 9457 problem document. */
  toProblem(): Problem {
    const problem: Problem = {
      type: "about:blank",
      title: this.title,
      status: this.status,
      detail: this.message,
      code: this.code,
    };
    if (this.next !== undefined) problem.next = this.next;
    if (this.failures !== undefined) problem.failures = this.failures;
    return problem;
  }
}

/** The caller gave something that is not allowed: 400. */
export class InputError extends RegionError {
  readonly status = 400;
  readonly title = "Bad Request";

  constructor(message: string, details: Partial<Details> = {}) {
    super(message, { ...badInput, ...details });
  }

  /** Refuses one field, naming its value and what is allowed. */
  static field(field: string, value: unknown, allowed: string): InputError {
    return new InputError(`${field} ${allowed}`, { failures: [{ field, value, allowed }] });
  }
}

/** There is no such thing: 404. */
export class NotFound extends RegionError {
  readonly status = 404;
  readonly title = "Not Found";

  constructor(message: string, details: Partial<Details> = {}) {
    super(message, { ...notFound, ...details });
  }
}

/** The thing exists but is not in a state that allows the request: 409. */
export class StateConflict extends RegionError {
  readonly status = 409;
  readonly title = "Conflict";

  constructor(message: string, details: Partial<Details> = {}) {
    super(message, { ...stateConflict, ...details });
  }
}

/** There is such a path, but not with this method: 405. */
export class MethodNotAllowed extends RegionError {
  readonly status = 405;
  readonly title = "Method Not Allowed";

  constructor(message: string, details: Partial<Details> = {}) {
    super(message, { ...methodNotAllowed, ...details });
  }
}

/** The thing is not any more as the caller's `If-Match` wants it: 412. `failures` name what changed. */
export class PreconditionFailed extends RegionError {
  readonly status = 412;
  readonly title = "Precondition Failed";
  /** The entity tag of the thing as it is; null where there is none. */
  readonly tag: string | null;

  constructor(message: string, tag: string | null, failures?: FieldFailure[]) {
    super(message, { ...preconditionFailed, ...(failures !== undefined && { failures }) });
    this.tag = tag;
  }
}

/** An Idempotency-Key came with another request than before: 422. */
export class KeyReused extends RegionError {
  readonly status = 422;
  readonly title = "Unprocessable Content";

  constructor(message: string) {
    super(message, idempotencyKeyReused);
  }
}

/** The caller is unknown (401), may not do this (403), or tried too often (429). */
export class Denied extends RegionError {
  readonly status: 401 | 403 | 429;
  readonly title: string;

  constructor(message: string, status: 401 | 403 | 429 = 403, details: Partial<Details> = {}) {
    const titles = { 401: "Unauthorized", 403: "Forbidden", 429: "Too Many Requests" } as const;
    const causes = { 401: notAuthenticated, 403: notAllowed, 429: tooManyAttempts } as const;
    super(message, { ...causes[status], ...details });
    this.status = status;
    this.title = titles[status];
  }
}

/** Something outside the region (database, rack, BMC) does not answer: 503. */
export class OutsideDown extends RegionError {
  readonly status = 503;
  readonly title = "Service Unavailable";
}

/** Carries a contract Failure as an exception, where the caller turns it into a machine's failure. */
export class FailureError extends Error {
  readonly failure: Failure;

  constructor(failure: Failure, options?: ErrorOptions) {
    super(failure.message, options);
    this.name = "FailureError";
    this.failure = failure;
  }
}
