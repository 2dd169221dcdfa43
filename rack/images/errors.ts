import {
  imageFetchFailed,
  imageHashMismatch,
  imageSizeMismatch,
  imageStoreFailed,
  makeFailure,
  rackDiskFull,
} from "@rackwright/contract/rack";
import type { Failure } from "@rackwright/contract/rack";

const causes = {
  "image-hash-mismatch": imageHashMismatch,
  "image-size-mismatch": imageSizeMismatch,
  "image-fetch-failed": imageFetchFailed,
  "image-store-failed": imageStoreFailed,
  "rack-disk-full": rackDiskFull,
} as const;
export type ImageErrorCode = keyof typeof causes;

/** Why a file did not get into the store. `failure` is what an operator is told. */
export class ImageError extends Error {
  readonly code: ImageErrorCode;
  readonly hash: string;
  readonly failure: Failure;

  constructor(code: ImageErrorCode, hash: string, message: string, evidence: string[] = [], next?: string) {
    super(message);
    this.name = "ImageError";
    this.code = code;
    this.hash = hash;
    this.failure = makeFailure(causes[code], message, evidence, next);
  }
}

export function hashMismatch(hash: string, actual: string): ImageError {
  return new ImageError(
    "image-hash-mismatch",
    hash,
    `the file fetched as ${hash} has the SHA-256 ${actual}; it was removed`,
    [`expected ${hash}`, `received ${actual}`],
  );
}

export function sizeMismatch(hash: string, expected: number, actual: string): ImageError {
  return new ImageError(
    "image-size-mismatch",
    hash,
    `the file fetched as ${hash} has ${actual} bytes, ${expected} were announced; it was removed`,
  );
}

export function fetchFailed(hash: string, cause: unknown): ImageError {
  const reason = cause instanceof Error ? cause.message : "unknown error";
  return new ImageError("image-fetch-failed", hash, `fetching ${hash} from the region failed: ${reason}`);
}

export function storeFailed(hash: string, cause: unknown): ImageError {
  const reason = cause instanceof Error ? cause.message : "unknown error";
  return new ImageError("image-store-failed", hash, `writing ${hash} into the image store failed: ${reason}`);
}

export function diskFull(hash: string, dir: string, candidates: readonly StoredImage[]): ImageError {
  return new ImageError(
    "rack-disk-full",
    hash,
    `no space left in ${dir} for ${hash}`,
    candidates.map((file) => `${file.hash} ${file.bytes} bytes, last used ${file.usedAt.toISOString()}`),
  );
}

/** One file of the store. */
export interface StoredImage {
  readonly hash: string;
  readonly bytes: number;
  /** Last time it was opened, to an hour. */
  readonly usedAt: Date;
}
