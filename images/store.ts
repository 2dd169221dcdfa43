import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { copyFile, mkdir, readFile, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { type ImageFile, type ImageManifest, imageManifest } from "@rackwright/contract";
import { z } from "zod";

/** Where a file of an image lies in a store. */
export function blobPath(store: string, sha256: string): string {
  return join(store, "sha256", sha256.slice(0, 2), sha256);
}

/** Where the manifest of an image lies in a store. */
export function manifestPath(store: string, name: string): string {
  return join(store, "manifests", `${name}.json`);
}

/** SHA-256 of a file in lower-case hexadecimal. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  return hash.digest("hex");
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

/** The manifest of an image, or null where there is none or it cannot be read as one. */
export async function readManifest(store: string, name: string): Promise<ImageManifest | null> {
  try {
    const parsed = imageManifest.safeParse(JSON.parse(await readFile(manifestPath(store, name), "utf8")));
    return parsed.success && parsed.data.name === name ? parsed.data : null;
  } catch (error) {
    if (isMissing(error) || error instanceof SyntaxError) return null;
    throw error;
  }
}

/** All readable manifests of a store, by name. */
export async function listManifests(store: string): Promise<ImageManifest[]> {
  const names = await readdir(join(store, "manifests")).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  const manifests: ImageManifest[] = [];
  for (const name of names.filter((name) => name.endsWith(".json")).sort()) {
    const manifest = await readManifest(store, name.slice(0, -".json".length));
    if (manifest !== null) manifests.push(manifest);
  }
  return manifests;
}

/** Whether every file of a manifest is in the store: by size, which is quick, or by content, which proves it. */
export async function isComplete(store: string, manifest: ImageManifest, by: "size" | "sha256"): Promise<boolean> {
  for (const file of manifest.files) {
    const path = blobPath(store, file.sha256);
    const found = await stat(path).catch((error: unknown) => {
      if (isMissing(error)) return null;
      throw error;
    });
    if (found === null || found.size !== file.size) return false;
    if (by === "sha256" && (await hashFile(path)) !== file.sha256) return false;
  }
  return true;
}

async function moveOrCopy(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EXDEV")) throw error;
    const temporary = `${to}.new`;
    await copyFile(from, temporary);
    await rename(temporary, to);
    await rm(from);
  }
}

/** Move a finished file into the store under its hash. An equal file that is there already is replaced. */
export async function storeFile(store: string, path: string, role: string): Promise<ImageFile> {
  const sha256 = await hashFile(path);
  const { size } = await stat(path);
  const target = blobPath(store, sha256);
  await mkdir(dirname(target), { recursive: true });
  await moveOrCopy(path, target);
  return { role, name: role, sha256, size };
}

/** Write a manifest so that readers see the old or the new one, never a part. */
export async function writeManifest(store: string, manifest: ImageManifest): Promise<void> {
  const target = manifestPath(store, manifest.name);
  await mkdir(dirname(target), { recursive: true });
  await writeFile(`${target}.new`, `${JSON.stringify(imageManifest.parse(manifest), null, 2)}\n`);
  await rename(`${target}.new`, target);
}

const unwantedNotes = z.record(z.string(), z.iso.datetime());

/** How long a file that no manifest names any more stays: machines may be half-way through a deployment with it. */
export const pruneAfter = 24 * 3600 * 1000;

async function readNotes(path: string): Promise<Record<string, string>> {
  const text = await readFile(path, "utf8").catch(() => "{}");
  try {
    return unwantedNotes.parse(JSON.parse(text));
  } catch {
    return {};
  }
}

/**
 * Remove files that no manifest has named for a day, and left-overs of interrupted writes. Since when a file is
 * unwanted is noted in `<store>/unwanted.json`. Returns the names removed. Call it only while holding the build lock.
 */
export async function pruneStore(store: string, now: Date): Promise<string[]> {
  const wanted = new Set((await listManifests(store)).flatMap((manifest) => manifest.files.map((file) => file.sha256)));
  const notesPath = join(store, "unwanted.json");
  const before = await readNotes(notesPath);
  const after: Record<string, string> = {};
  const removed: string[] = [];
  const root = join(store, "sha256");
  for (const group of await readdir(root).catch(() => [])) {
    for (const name of await readdir(join(root, group))) {
      if (wanted.has(name)) continue;
      const since = before[name] ?? now.toISOString();
      if (/^[0-9a-f]{64}$/.test(name) && now.getTime() - Date.parse(since) < pruneAfter) {
        after[name] = since;
        continue;
      }
      await rm(join(root, group, name), { force: true });
      removed.push(name);
    }
  }
  if (Object.keys(after).length === 0) await rm(notesPath, { force: true });
  else await writeFile(notesPath, `${JSON.stringify(after, null, 2)}\n`);
  return removed;
}
