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
    return new ImageBuildError({
      code: "image-no-space",
      message: `The disk was full while ${what}.`,
      evidence,
      next: "Free space, or choose another folder for the store and the cache, then build again.",
    });
  }
  if (seen(network)) {
    return new ImageBuildError({
      code: "image-mirror-unreachable",
      message: `The package mirror could not be reached while ${what}.`,
      evidence,
      next: "Check this host's network, name service and proxy (http_proxy), or choose another mirror, then build again.",
    });
  }
  if (seen(trust)) {
    return new ImageBuildError({
      code: "image-mirror-untrusted",
      message: `What the package mirror sent could not be verified while ${what}.`,
      evidence,
      next: "Check this host's clock, bring debian-archive-keyring up to date, or choose another mirror.",
    });
  }
  return new ImageBuildError({
    code: "image-build-failed",
    message: `A program failed (status ${String(result.status)}) while ${what}.`,
    evidence,
    next: "The lines show why. Build again once that is put right; nothing half-built was kept.",
  });
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
    throw new ImageBuildError({
      code: "image-build-stopped",
      message: `Stopped while ${what}.`,
      next: "Build again: finished images are kept, the unfinished one starts over.",
    });
  }
  if (result.status !== 0) throw explain(what, result);
  return result;
}
