import { mkdir, open, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { blobPath } from "./store.ts";

/** Where an upload comes together. On the same file system as the store's files, so that it can be moved there at once. */
export function uploadPath(store: string, id: number): string {
  return join(store, "uploads", String(id));
}

/** Bytes of the store's file of this hash; null when there is none. */
export async function hasBlob(store: string, sha256: string): Promise<number | null> {
  const found = await stat(blobPath(store, sha256)).catch(() => null);
  return found === null ? null : found.size;
}

/** Writes bytes at a place of a file, and cuts off what was behind it. */
export async function writeAt(path: string, position: number, data: Buffer): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const file = await open(path, position === 0 ? "w" : "r+");
  try {
    await file.truncate(position);
    await file.write(data, 0, data.length, position);
  } finally {
    await file.close();
  }
}

/** Makes a whole file one of the store's. */
export async function addBlob(store: string, path: string, sha256: string): Promise<void> {
  const target = blobPath(store, sha256);
  await mkdir(dirname(target), { recursive: true });
  const file = await open(path, "r+");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(path, target);
}

/** Deletes a file of the store. */
export async function dropBlob(store: string, sha256: string): Promise<void> {
  await rm(blobPath(store, sha256), { force: true });
}
