import { createHash } from "node:crypto";
import { type FileHandle, mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { fetchFailed, hashMismatch, ImageError, sizeMismatch, storeFailed } from "./errors.ts";

/** Delivers the bytes of a file; must stop when the signal says so. */
export type FetchImage = (hash: string, signal: AbortSignal) => Promise<AsyncIterable<Uint8Array>>;

export interface Download {
  readonly hash: string;
  readonly size: number | undefined;
  readonly fetch: FetchImage;
  readonly path: string;
  readonly temporary: string;
  readonly stop: AbortSignal;
  readonly stallTimeoutMs: number;
  readonly openForWriting: (path: string) => Promise<Pick<FileHandle, "writev" | "sync" | "close">>;
}

const WRITE_BYTES = 256 * 1024;

/**
 * Download into a temporary file while hashing, fsync, then rename into place and fsync the folder, so that a
 * file under its hash is always whole, also after a power cut. The temporary file never survives.
 * @returns bytes written
 * @throws ImageError, or the file system's error
 */
export async function download(job: Download): Promise<number> {
  await mkdir(dirname(job.path), { recursive: true });
  try {
    const bytes = await write(job);
    await rename(job.temporary, job.path);
    await syncFolder(dirname(job.path));
    return bytes;
  } catch (error) {
    await rm(job.temporary, { force: true }).catch(() => undefined);
    throw error instanceof ImageError || isNoSpace(error) ? error : storeFailed(job.hash, error);
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function write(job: Download): Promise<number> {
  const file = await job.openForWriting(job.temporary);
  const abort = new AbortController();
  const signal = AbortSignal.any([job.stop, abort.signal]);
  try {
    const sum = createHash("sha256");
    let bytes = 0;
    let pending: Uint8Array[] = [];
    let pendingBytes = 0;
    for await (const chunk of incoming(job, signal, abort)) {
      bytes += chunk.length;
      if (job.size !== undefined && bytes > job.size) throw sizeMismatch(job.hash, job.size, `more than ${job.size}`);
      sum.update(chunk);
      pending.push(chunk);
      pendingBytes += chunk.length;
      if (pendingBytes < WRITE_BYTES) continue;
      await writeAll(file, pending, pendingBytes);
      pending = [];
      pendingBytes = 0;
    }
    await writeAll(file, pending, pendingBytes);
    if (job.size !== undefined && bytes !== job.size) throw sizeMismatch(job.hash, job.size, String(bytes));
    const actual = sum.digest("hex");
    if (actual !== job.hash) throw hashMismatch(job.hash, actual);
    await file.sync();
    return bytes;
  } finally {
    abort.abort();
    await file.close();
  }
}

/** The source's chunks; its errors and silences become `image-fetch-failed`. */
async function* incoming(job: Download, signal: AbortSignal, abort: AbortController): AsyncGenerator<Uint8Array> {
  const silence = new Error(`nothing arrived for ${job.stallTimeoutMs / 1000} s`);
  const timed = async <T>(work: Promise<T>): Promise<T> => {
    const timer = setTimeout(() => abort.abort(silence), job.stallTimeoutMs);
    let stopped: (() => void) | undefined;
    const ended = new Promise<never>((_resolve, reject) => {
      stopped = () => reject(signal.reason);
      if (signal.aborted) stopped();
      else signal.addEventListener("abort", stopped, { once: true });
    });
    try {
      return await Promise.race([work, ended]);
    } catch (error) {
      work.catch(() => undefined);
      throw fetchFailed(job.hash, error);
    } finally {
      clearTimeout(timer);
      if (stopped !== undefined) signal.removeEventListener("abort", stopped);
    }
  };
  const iterator = (await timed(job.fetch(job.hash, signal)))[Symbol.asyncIterator]();
  let whole = false;
  try {
    for (;;) {
      const next = await timed(iterator.next());
      if (next.done === true) break;
      yield next.value;
    }
    whole = true;
  } finally {
    if (!whole) iterator.return?.().catch(() => undefined);
  }
}

async function writeAll(file: Pick<FileHandle, "writev">, chunks: Uint8Array[], bytes: number): Promise<void> {
  if (bytes === 0) return;
  const { bytesWritten } = await file.writev(chunks);
  if (bytesWritten === bytes) return;
  // A short write of a regular file means the disk filled up under it; asking again names the error.
  const rest = Buffer.concat(chunks).subarray(bytesWritten);
  await writeAll(file, [rest], rest.length);
}

function isNoSpace(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOSPC" || error.code === "EDQUOT");
}
