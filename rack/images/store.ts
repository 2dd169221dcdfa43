import { constants, type FileHandle, mkdir, open, readdir, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { createHash } from "node:crypto";
import type { RackEventInput } from "@rackwright/contract/rack";
import { download, type FetchImage } from "./download.ts";
import { diskFull, ImageError, type StoredImage } from "./errors.ts";
import type { FileSource } from "./file-source.ts";

export interface ContentStoreOptions {
  /** Folder of the store; created when missing. Temporary files lie in `<dir>/incoming`. */
  readonly dir: string;
  readonly emit: (event: RackEventInput) => void;
  /** A download that delivers nothing for so long is given up, in milliseconds, default 60 000. */
  readonly stallTimeoutMs?: number;
  /** Opens a file for writing; replaced in tests to make a disk that is full. */
  readonly openForWriting?: (path: string) => Promise<Pick<FileHandle, "writev" | "sync" | "close">>;
}

const HASH = /^[0-9a-f]{64}$/;
const USED_RESOLUTION_MS = 3_600_000;
const VERIFY_CHUNK = 256 * 1024;

/** Files named by their SHA-256 at `<dir>/sha256/<first two digits>/<hash>`. What is there is whole and was checked. */
export interface ContentStore {
  has(hash: string): Promise<boolean>;
  /** The file for reading, or undefined. Several readers at once are fine, also while it is removed. */
  open(hash: string): Promise<FileSource | undefined>;
  /**
   * Make sure the file is there, downloading it when it is not. Concurrent calls for one hash share one download.
   * @param size in bytes where it is known; a different length is an error
   * @throws ImageError
   */
  ensure(hash: string, size: number | undefined, fetch: FetchImage): Promise<void>;
  list(): Promise<StoredImage[]>;
  remove(hash: string): Promise<void>;
  /** Read every file again and remove those whose content is not what their name says. @returns the hashes removed */
  verify(): Promise<string[]>;
  /** Stop downloads and remove their temporary files. */
  close(): Promise<void>;
}

/** Open the store and remove what an earlier run left half-written. */
export async function openContentStore(options: ContentStoreOptions): Promise<ContentStore> {
  const incoming = join(options.dir, "incoming");
  await mkdir(join(options.dir, "sha256"), { recursive: true, mode: 0o755 });
  await rm(incoming, { recursive: true, force: true });
  await mkdir(incoming, { mode: 0o700 });
  return new Store(options, incoming);
}

class Store implements ContentStore {
  readonly #options: ContentStoreOptions;
  readonly #incoming: string;
  readonly #downloads = new Map<string, Promise<void>>();
  readonly #stop = new AbortController();
  #counter = 0;

  constructor(options: ContentStoreOptions, incoming: string) {
    this.#options = options;
    this.#incoming = incoming;
  }

  async has(hash: string): Promise<boolean> {
    const found = await stat(this.#path(hash)).catch(missing);
    return found !== undefined;
  }

  async open(hash: string): Promise<FileSource | undefined> {
    const path = this.#path(hash);
    const handle = await open(path, constants.O_RDONLY).catch(missing);
    if (handle === undefined) return undefined;
    try {
      const { size, mtimeMs } = await handle.stat();
      const now = Date.now();
      if (now - mtimeMs > USED_RESOLUTION_MS) await utimes(path, now / 1000, now / 1000).catch(() => undefined);
      return fileSource(handle, size);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  ensure(hash: string, size: number | undefined, fetch: FetchImage): Promise<void> {
    const running = this.#downloads.get(hash);
    if (running !== undefined) return running;
    const work = this.#ensure(hash, size, fetch).finally(() => this.#downloads.delete(hash));
    this.#downloads.set(hash, work);
    return work;
  }

  async #ensure(hash: string, size: number | undefined, fetch: FetchImage): Promise<void> {
    const path = this.#path(hash);
    if (await this.has(hash)) return;
    this.#counter += 1;
    const began = performance.now();
    try {
      const bytes = await download({
        hash,
        size,
        fetch,
        path,
        temporary: join(this.#incoming, `${hash}.${this.#counter}`),
        stop: this.#stop.signal,
        stallTimeoutMs: this.#options.stallTimeoutMs ?? 60_000,
        openForWriting: this.#options.openForWriting ?? ((file) => open(file, "wx", 0o644)),
      });
      const seconds = Math.round(performance.now() - began) / 1000;
      this.#options.emit({
        type: "image.registered",
        level: "debug",
        message: `fetched ${hash}: ${bytes} bytes in ${seconds.toFixed(1)} s`,
        data: { hash, bytes, seconds },
      });
    } catch (error) {
      throw await this.#problem(hash, error);
    }
  }

  async #problem(hash: string, error: unknown): Promise<unknown> {
    const full = error instanceof Error && "code" in error && (error.code === "ENOSPC" || error.code === "EDQUOT");
    const problem = full ? diskFull(hash, this.#options.dir, (await this.list()).slice(0, 20)) : error;
    if (problem instanceof ImageError && !this.#stop.signal.aborted) {
      this.#options.emit({
        type: full ? "rack.problem" : "image.problem",
        level: "error",
        message: problem.message.slice(0, 2000),
        data: { hash },
        failure: problem.failure,
      });
    }
    return problem;
  }

  async list(): Promise<StoredImage[]> {
    const files: StoredImage[] = [];
    const root = join(this.#options.dir, "sha256");
    for (const folder of await readdir(root)) {
      for (const name of await readdir(join(root, folder))) {
        if (!HASH.test(name)) continue;
        const found = await stat(join(root, folder, name)).catch(missing);
        if (found !== undefined) files.push({ hash: name, bytes: found.size, usedAt: found.mtime });
      }
    }
    return files.sort((a, b) => a.usedAt.getTime() - b.usedAt.getTime());
  }

  async remove(hash: string): Promise<void> {
    await rm(this.#path(hash), { force: true });
  }

  async verify(): Promise<string[]> {
    const removed: string[] = [];
    const memory = Buffer.allocUnsafeSlow(VERIFY_CHUNK);
    for (const { hash, bytes } of await this.list()) {
      const source = await this.open(hash);
      if (source === undefined) continue;
      const sum = createHash("sha256");
      try {
        for (let offset = 0; offset < bytes;) {
          const chunk = await source.read(offset, VERIFY_CHUNK, memory);
          if (chunk.length === 0) break;
          sum.update(chunk);
          offset += chunk.length;
        }
      } finally {
        await source.close();
      }
      if (sum.digest("hex") === hash) continue;
      await this.remove(hash);
      removed.push(hash);
      const failure = new ImageError(
        "image-hash-mismatch",
        hash,
        `the stored file ${hash} was damaged and was removed`,
        [],
        "It is fetched again when a machine asks for it. Check this rack's disk.",
      ).failure;
      this.#options.emit({ type: "image.problem", level: "error", message: failure.message, data: { hash }, failure });
    }
    return removed;
  }

  async close(): Promise<void> {
    this.#stop.abort(new Error("the rack is stopping"));
    await Promise.allSettled(this.#downloads.values());
  }

  #path(hash: string): string {
    if (!HASH.test(hash))
      throw new RangeError(`image hash is ${JSON.stringify(hash.slice(0, 80))}; allowed are 64 of 0-9a-f`);
    return join(this.#options.dir, "sha256", hash.slice(0, 2), hash);
  }
}

/** A file on disk as a source; owns the handle. */
export function fileSource(handle: FileHandle, size: number): FileSource {
  return {
    size,
    read: async (offset, length, into) => {
      const most = Math.min(length, Math.max(0, size - offset));
      const buffer = into ?? Buffer.allocUnsafeSlow(most);
      const { bytesRead } = await handle.read(buffer, 0, most, offset);
      return buffer.subarray(0, bytesRead);
    },
    close: () => handle.close(),
  };
}

function missing(error: unknown): undefined {
  if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR"))
    return undefined;
  throw error;
}
