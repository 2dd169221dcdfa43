import { createWriteStream } from "node:fs";
import { chmod, lstat, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { keptOutput, keptResultFile } from "@rackwright/contract";

/** The folder of one run: the script, its downloads, its output and what it leaves for us. */
export interface WorkFolder {
  readonly script: string;
  readonly downloads: string;
  /** The variables by which a script finds its files. */
  readonly environment: Readonly<Record<string, string>>;
  /** Keeps output where the script can read it, up to what is kept of a stream. */
  write(stream: "out" | "err", chunk: Buffer): void;
  /** The result file; null when the script wrote none. @throws ResultFileRefused when it cannot be taken */
  result(): Promise<string | null>;
  /** The BMC's settings that a script found, as it wrote them; null when it wrote none. */
  bmc(): Promise<string | null>;
  remove(): Promise<void>;
}

/** The script left a result file that is not taken. */
export class ResultFileRefused extends Error {}

/** Makes the folder of a run below `base`, with the script's text in it. `base` must allow programs to be started. */
export async function workFolder(base: string, id: number, text: Uint8Array): Promise<WorkFolder> {
  const folder = join(base, String(id));
  await rm(folder, { recursive: true, force: true });
  const downloads = join(folder, "downloads");
  await mkdir(downloads, { recursive: true, mode: 0o700 });
  const paths = {
    OUTPUT_STDOUT_PATH: join(folder, "out"),
    OUTPUT_STDERR_PATH: join(folder, "err"),
    OUTPUT_COMBINED_PATH: join(folder, "combined"),
    RESULT_PATH: join(folder, "result.yaml"),
    BMC_CONFIG_PATH: join(folder, "bmc.yaml"),
    DOWNLOAD_PATH: downloads,
  };
  const script = join(folder, "script");
  await writeFile(script, text, { mode: 0o700 });
  await chmod(script, 0o700);
  const out = await boundedFile(paths.OUTPUT_STDOUT_PATH);
  const err = await boundedFile(paths.OUTPUT_STDERR_PATH);
  const combined = await boundedFile(paths.OUTPUT_COMBINED_PATH);
  return {
    script,
    downloads,
    environment: paths,
    write: (stream, chunk) => {
      (stream === "out" ? out : err).write(chunk);
      combined.write(chunk);
    },
    result: () => smallFile(paths.RESULT_PATH, "The result file (RESULT_PATH)"),
    bmc: () => smallFile(paths.BMC_CONFIG_PATH, "The file with the BMC's settings (BMC_CONFIG_PATH)"),
    remove: async () => {
      await Promise.all([out, err, combined].map((file) => file.close()));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A file that takes so many bytes and ignores the rest. It is there from the beginning: a script may look at once. */
async function boundedFile(path: string): Promise<{ write(chunk: Buffer): void; close(): Promise<void> }> {
  await writeFile(path, "", { mode: 0o600 });
  const file = createWriteStream(path, { flags: "a" });
  // A full disk takes the copy, not the run.
  file.on("error", () => undefined);
  let room = keptOutput;
  return {
    write: (chunk) => {
      if (room <= 0) return;
      const part = chunk.subarray(0, room);
      room -= part.length;
      file.write(part);
    },
    close: () =>
      new Promise((resolve) => {
        file.once("close", () => resolve());
        file.destroy();
        if (file.closed) resolve();
      }),
  };
}

async function smallFile(path: string, what: string): Promise<string | null> {
  const found = await lstat(path).catch(() => null);
  if (found === null) return null;
  if (!found.isFile()) throw new ResultFileRefused(`${what} is not a plain file.`);
  if (found.size > keptResultFile)
    throw new ResultFileRefused(
      `${what} has ${found.size} bytes, at most ${keptResultFile} are taken: print long texts instead.`,
    );
  return readFile(path, "utf8");
}
