import { makeFailure, type Cause } from "@rackwright/contract";
import type { Failure } from "@rackwright/contract";

/** The outside world keeps an image from being built; `failure` says what and what to do, in the operator's words. */
export class ImageBuildError extends Error {
  readonly failure: Failure;

  constructor(cause: Cause, message: string, evidence: readonly string[] = [], next?: string) {
    super(message);
    this.name = "ImageBuildError";
    this.failure = makeFailure(cause, message, evidence, next);
  }
}
