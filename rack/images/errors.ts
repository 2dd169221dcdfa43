import type { Failure } from "@rackwright/contract";

export type ImageErrorCode =
  | "image-hash-mismatch"
  | "image-size-mismatch"
  | "image-fetch-failed"
  | "image-store-failed"
  | "rack-disk-full";

/** Why a file did not get into the store. `failure` is what an operator is told. */
export class ImageError extends Error {
  readonly code: ImageErrorCode;
  readonly hash: string;
  readonly failure: Failure;

  constructor(code: ImageErrorCode, hash: string, message: string, next: string, evidence: string[] = []) {
    super(message);
    this.name = "ImageError";
    this.code = code;
    this.hash = hash;
    this.failure = { code, message, next, evidence };
  }
}

export function hashMismatch(hash: string, actual: string): ImageError {
  return new ImageError(
    "image-hash-mismatch",
    hash,
    `the file fetched as ${hash} has the SHA-256 ${actual}; it was removed`,
    "Import the image again on the region; if it happens again, check the region's disk and the network between region and rack.",
  );
}

export function sizeMismatch(hash: string, expected: number, actual: string): ImageError {
  return new ImageError(
    "image-size-mismatch",
    hash,
    `the file fetched as ${hash} has ${actual} bytes, ${expected} were announced; it was removed`,
    "Try again; if it happens again, import the image again on the region.",
  );
}

export function fetchFailed(hash: string, cause: unknown): ImageError {
  const reason = cause instanceof Error ? cause.message : "unknown error";
  return new ImageError(
    "image-fetch-failed",
    hash,
    `fetching ${hash} from the region failed: ${reason}`,
    "Check that a region is running and reachable from this rack.",
  );
}

export function storeFailed(hash: string, cause: unknown): ImageError {
  const reason = cause instanceof Error ? cause.message : "unknown error";
  return new ImageError(
    "image-store-failed",
    hash,
    `writing ${hash} into the image store failed: ${reason}`,
    "Check the disk and the permissions of the rack's state folder.",
  );
}

export function diskFull(hash: string, dir: string, candidates: readonly StoredImage[]): ImageError {
  return new ImageError(
    "rack-disk-full",
    hash,
    `no space left in ${dir} for ${hash}`,
    "Free space on this file system, or delete images that no machine needs on the region; least used files of the store are listed.",
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
