import { randomBytes } from "node:crypto";
import { mkdirSync, openSync, closeSync, fsyncSync, readFileSync, renameSync, writeSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";

const keyId = z.string().regex(/^[0-9a-f]{8}$/);
const contents = z
  .strictObject({
    current: keyId,
    keys: z.record(
      keyId,
      z.base64().refine((text) => Buffer.from(text, "base64").length === 32, "must be 32 bytes"),
    ),
  })
  .refine(({ current, keys }) => Object.hasOwn(keys, current), "must hold its current key");
type Contents = z.infer<typeof contents>;

export type Key = { id: string; key: Buffer };

/**
 * The file that holds the keys of the secrets in the database, for its owner's eyes only. Every region on one database
 * needs the same; one that meets the name of a key it does not have looks into the file again.
 */
export class KeyFile {
  readonly path: string;
  #contents: Contents;

  private constructor(path: string, read: Contents) {
    this.path = path;
    this.#contents = read;
  }

  /**
   * Opens the file, and makes one with a fresh key where there is none.
   *
   * @throws Error when it is no such file, or others may read it
   */
  static open(path: string): KeyFile {
    const found = readKeys(path);
    if (found !== null) return new KeyFile(path, found);
    const id = freshId();
    const made = { current: id, keys: { [id]: randomBytes(32).toString("base64") } };
    mkdirSync(dirname(path), { recursive: true });
    writeKeys(path, made);
    return new KeyFile(path, made);
  }

  current(): Key {
    const id = this.#contents.current;
    return { id, key: Buffer.from(this.#contents.keys[id] ?? "", "base64") };
  }

  find(id: string): Buffer | undefined {
    // Another region may have made a new one.
    if (!Object.hasOwn(this.#contents.keys, id)) this.#contents = readKeys(this.path) ?? this.#contents;
    const text = this.#contents.keys[id];
    return text === undefined ? undefined : Buffer.from(text, "base64");
  }

  /** Makes a new key the current one. The former ones stay: backups, and other regions, need them. Returns its name. */
  add(): string {
    const id = freshId();
    const now = readKeys(this.path) ?? this.#contents;
    const next = { current: id, keys: { ...now.keys, [id]: randomBytes(32).toString("base64") } };
    writeKeys(this.path, next);
    this.#contents = next;
    return id;
  }

  /** Forgets every key but the current one: what is sealed with others is lost. Returns how many. */
  forgetOthers(): number {
    const { current, keys } = this.#contents;
    const next = { current, keys: { [current]: keys[current] ?? "" } };
    writeKeys(this.path, next);
    this.#contents = next;
    return Object.keys(keys).length - 1;
  }
}

const freshId = (): string => randomBytes(4).toString("hex");

function readKeys(path: string): Contents | null {
  let text;
  try {
    if ((statSync(path).mode & 0o077) !== 0)
      throw new Error(`The key file ${path} may be read by others; only its owner may: chmod 600 ${path}`);
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    // Told below, without what is in it.
  }
  const read = contents.safeParse(parsed);
  if (!read.success) throw new Error(`${path} is no file of keys as Rackwright makes them. Bring back its copy.`);
  return read.data;
}

/** Whole or not at all: the file is written beside, and takes the place of the former one when it is on the disk. */
function writeKeys(path: string, keys: Contents): void {
  const beside = `${path}.${process.pid}.new`;
  const file = openSync(beside, "w", 0o600);
  try {
    writeSync(file, `${JSON.stringify(keys, null, 2)}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(beside, path);
}
