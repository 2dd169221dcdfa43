import {
  diskTooSmall,
  imageHashMismatch,
  imageTransferBroken,
  imageUnavailable,
  imageUnpackFailed,
  makeFailure,
  type Cause,
} from "@rackwright/contract";
import type { InstallPlan } from "@rackwright/contract";
import { lastLines, programFailure, StepFailed } from "../failure.ts";
import type { RunResult, World } from "../world.ts";

type Source = InstallPlan["source"];
type Progress = (percent: number, message: string) => void;

function unusable(cause: Cause, message: string, evidence: string[]): StepFailed {
  return new StepFailed(makeFailure(cause, message, evidence));
}

const tooSmall = (evidence: string[]): StepFailed =>
  unusable(diskTooSmall, "The image does not fit on the machine's root filesystem.", evidence);

/**
 * Downloads the image from the rack, checking size and hash; what is wrong is removed again. curl and sha256sum do it,
 * because on slow processors they take a fraction of the time of streams in JavaScript.
 */
export async function downloadImage(
  world: World,
  rackUrl: string,
  source: Source,
  file: string,
  progress: Progress,
): Promise<void> {
  const url = rackUrl + source.path;
  const look = async (): Promise<void> => {
    const received = await world.size(file);
    progress((95 * received) / source.size, `${mebibytes(received)} of ${mebibytes(source.size)} MiB`);
  };
  const argv = ["curl", "--silent", "--show-error", "--fail", "--retry", "5", "--retry-all-errors"];
  // A transfer slower than 10 KiB/s for a minute is as good as broken.
  const bounds = ["--speed-limit", "10240", "--speed-time", "60", "--max-filesize", String(source.size)];
  const got = await watched(look, world.run([...argv, ...bounds, "--output", file, url], { timeoutSeconds: 3600 }));
  if (got.status !== 0) {
    await remove(world, file);
    throw transferFailure(url, source, got);
  }
  progress(96, "Checking");
  const received = await world.size(file);
  const digest = (await world.run(["sha256sum", file], { timeoutSeconds: 600 })).output.slice(0, 64);
  if (received === source.size && digest === source.sha256) return;
  await remove(world, file);
  throw damaged(source, [`received ${received} bytes, sha256 ${digest}`]);
}

/** Looks once a second how far a program is while it runs. */
async function watched(look: () => Promise<void>, work: Promise<RunResult>): Promise<RunResult> {
  const timer = setInterval(() => void look().catch(() => undefined), 1000);
  try {
    return await work;
  } finally {
    clearInterval(timer);
  }
}

const mebibytes = (bytes: number): number => Math.round(bytes / 1048576);

const remove = async (world: World, file: string): Promise<void> =>
  void (await world.run(["rm", "-f", file], { timeoutSeconds: 60 }));

const damaged = (source: Source, evidence: string[]): StepFailed =>
  unusable(
    imageHashMismatch,
    `The image ${source.image} arrived damaged: its contents are not what its name promises.`,
    [`expected ${source.size} bytes, sha256 ${source.sha256}`, ...evidence],
  );

/** What curl's exit status means (its manual, "EXIT CODES"). */
function transferFailure(url: string, source: Source, result: RunResult): StepFailed {
  const evidence = [`GET ${url}`, ...lastLines(result.error, 5)];
  if (result.status === 63) return damaged(source, evidence);
  if (result.status === 23) return tooSmall(evidence);
  if (result.status === 22) {
    return unusable(imageUnavailable, `The rack has no image ${source.image} to give.`, evidence);
  }
  return unusable(imageTransferBroken, "The transfer of the image from the rack broke off.", evidence);
}

/** How many files and folders a squashfs holds, as `unsquashfs -s` prints it; null when it does not say. */
export function inodesOf(text: string): number | null {
  const count = text.match(/^Number of inodes (\d+)$/m)?.[1];
  return count === undefined ? null : Number(count);
}

/**
 * Unpacks the squashfs into the target. unsquashfs tells nothing when its output is not a terminal, so progress is
 * how many of the image's files are there.
 */
export async function unpackImage(world: World, file: string, target: string, progress: Progress): Promise<void> {
  const total = inodesOf((await world.run(["unsquashfs", "-s", file], { timeoutSeconds: 60 })).output);
  const before = await world.countFiles(target);
  const look = async (): Promise<void> => {
    if (total !== null) progress((100 * ((await world.countFiles(target)) - before)) / total, "Copying files");
  };
  // Its queues take half a gibibyte by default, more than a small machine has to spare.
  const argv = ["unsquashfs", "-force", "-no-progress", "-quiet", "-da", "64", "-fr", "64", "-dest", target, file];
  const result = await watched(look, world.run(argv, { timeoutSeconds: 1800 }));
  if (result.status !== 0) {
    const full = /No space left/i.test(result.error + result.output);
    throw full
      ? tooSmall(lastLines(result.error, 5))
      : programFailure(imageUnpackFailed, "Unpacking the image", argv, result);
  }
}
