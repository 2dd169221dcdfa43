import {
  imageBuildFailed,
  imageBuildStopped,
  imageMirrorUnreachable,
  imageMirrorUntrusted,
  imageNoSpace,
} from "@rackwright/contract";
import { ImageBuildError } from "./failure.ts";
import type { ProcessOptions, ProcessResult, ProcessRunner } from "./process.ts";

const network =
  /Temporary failure resolving|Could not resolve|Could not connect|Unable to connect|Connection (refused|timed out|failed)|Network is unreachable|Cannot initiate the connection/;
const space = /No space left on device/;
const trust = /NO_PUBKEY|EXPKEYSIG|BADSIG|is not signed|Release file .* (expired|is not valid yet)/;

/** Turn the last lines of a failed build program into a sentence. */
export function explain(what: string, result: ProcessResult): ImageBuildError {
  const evidence = result.lines.slice(-20).map((line) => line.slice(0, 500));
  const seen = (pattern: RegExp): boolean => result.lines.some((line) => pattern.test(line));
  if (seen(space)) {
    return new ImageBuildError(imageNoSpace, `The disk was full while ${what}.`, evidence);
  }
  if (seen(network)) {
    return new ImageBuildError(
      imageMirrorUnreachable,
      `The package mirror could not be reached while ${what}.`,
      evidence,
    );
  }
  if (seen(trust)) {
    return new ImageBuildError(
      imageMirrorUntrusted,
      `What the package mirror sent could not be verified while ${what}.`,
      evidence,
    );
  }
  return new ImageBuildError(
    imageBuildFailed,
    `A program failed (status ${String(result.status)}) while ${what}.`,
    evidence,
  );
}

/**
 * Run a build program in its own process-id and mount namespaces, so that nothing it started outlives this process,
 * even when this process is killed. Fails with an explanation when it does not end well.
 */
export async function confined(
  run: ProcessRunner,
  what: string,
  command: readonly string[],
  options: ProcessOptions = {},
): Promise<ProcessResult> {
  const wrapper = ["--pdeathsig", "KILL", "unshare", "--fork", "--pid", "--mount-proc", "--kill-child", "--"];
  const result = await run.run("setpriv", [...wrapper, ...command], options);
  if (options.signal?.aborted === true) {
    throw new ImageBuildError(imageBuildStopped, `Stopped while ${what}.`);
  }
  if (result.status !== 0) throw explain(what, result);
  return result;
}
