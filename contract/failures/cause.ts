import type { Failure } from "../failures.ts";

/** Who has to act: the operator, the machine (or another peer on the wire), Rackwright itself, or the world outside. */
export const blames = ["operator", "machine", "rackwright", "outside"] as const;
export type Blame = (typeof blames)[number];

/** One cause of failure, as the catalogue knows it. All texts are whole sentences in plain words, without secrets. */
export type Cause = {
  /** Stable for ever; also the name of the file. */
  readonly code: string;
  /** What is wrong, as a heading. */
  readonly title: string;
  /** What it means, one paragraph: how it comes about, what it stops, what goes on regardless. */
  readonly meaning: string;
  readonly blame: Blame;
  /** Which lines come with it as proof. */
  readonly evidence: string;
  /** What to do; a place where it fails may say it more precisely. */
  readonly next: string;
  /** The test that provokes it and expects this code, as a path in the repository. */
  readonly test: string;
};

const longestText = 2000;
const mostLines = 50;

/**
 * A failure of this cause: one sentence about the case at hand, the lines that prove it, and the catalogue's next step
 * unless the case allows a better one. Cut to the bounds of the failure's shape, since evidence often comes from a peer.
 */
export function makeFailure(
  cause: Cause,
  message: string,
  evidence: readonly string[] = [],
  next: string = cause.next,
): Failure {
  return {
    code: cause.code,
    message: message.slice(0, longestText),
    evidence: evidence.slice(0, mostLines).map((line) => line.slice(0, longestText)),
    next: next.slice(0, longestText),
  };
}
