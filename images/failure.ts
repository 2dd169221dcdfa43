import type { Failure } from "@rackwright/contract";

/** The outside world keeps an image from being built; `failure` says what and what to do, in the operator's words. */
export class ImageBuildError extends Error {
  readonly failure: Failure;

  constructor(failure: Omit<Failure, "evidence"> & { evidence?: readonly string[] }) {
    super(failure.message);
    this.name = "ImageBuildError";
    this.failure = { ...failure, evidence: [...(failure.evidence ?? [])] };
  }
}
