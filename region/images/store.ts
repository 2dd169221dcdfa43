import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { type ImageManifest, imageManifest } from "@rackwright/contract";
import { z } from "zod";

/** Where a file of an image lies in a store. */
export function blobPath(store: string, sha256: string): string {
  return join(store, "sha256", sha256.slice(0, 2), sha256);
}

export type FoundManifest = { file: string; manifest: ImageManifest } | { file: string; problem: string };

/** Reads every manifest of a store; what cannot be used comes with the reason. */
export async function readManifests(store: string): Promise<FoundManifest[]> {
  const folder = join(store, "manifests");
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith(".json")).sort();
  return Promise.all(names.map((file) => readOne(folder, file)));
}

async function readOne(folder: string, file: string): Promise<FoundManifest> {
  try {
    const parsed = imageManifest.safeParse(JSON.parse(await readFile(join(folder, file), "utf8")));
    if (!parsed.success) return { file, problem: z.prettifyError(parsed.error) };
    if (`${parsed.data.name}.json` !== file) return { file, problem: `it names the image '${parsed.data.name}'` };
    return { file, manifest: parsed.data };
  } catch (error) {
    return { file, problem: error instanceof Error ? error.message : String(error) };
  }
}

/** Puts an image into a store; its files must be there already. Readers see the old manifest or the new one. */
export async function writeManifest(store: string, manifest: ImageManifest): Promise<void> {
  const folder = join(store, "manifests");
  await mkdir(folder, { recursive: true });
  const path = join(folder, `${manifest.name}.json`);
  await writeFile(`${path}.part`, `${JSON.stringify(imageManifest.parse(manifest), null, 2)}\n`);
  await rename(`${path}.part`, path);
}

/** Takes an image out of a store; its files stay. */
export async function removeManifest(store: string, name: string): Promise<void> {
  await rm(join(store, "manifests", `${name}.json`), { force: true });
}

/** A text that changes whenever a manifest comes, goes or changes; cheap enough to be asked every few seconds. */
export async function storeState(store: string): Promise<string> {
  const folder = join(store, "manifests");
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith(".json")).sort();
  const states = await Promise.all(
    names.map(async (name) => {
      const found = await stat(join(folder, name)).catch(() => undefined);
      return `${name} ${found?.mtimeMs} ${found?.size} ${found?.ino}`;
    }),
  );
  return states.join("\n");
}

/**
 * What is wrong with the files of a manifest: missing ones, ones of another size and, with `by` "sha256", ones of
 * another content. Empty when all is well.
 */
export async function fileProblems(store: string, manifest: ImageManifest, by: "size" | "sha256"): Promise<string[]> {
  const problems: string[] = [];
  for (const { name, sha256, size } of manifest.files) {
    const path = blobPath(store, sha256);
    const found = await stat(path).catch(() => undefined);
    if (found === undefined) problems.push(`${name}: the file ${sha256} is missing`);
    else if (found.size !== size) problems.push(`${name}: the file ${sha256} has ${found.size} bytes, not ${size}`);
    else if (by === "sha256" && (await hashOf(path)) !== sha256)
      problems.push(`${name}: the file ${sha256} is damaged`);
  }
  return problems;
}

/** SHA-256 of a file in hexadecimal. */
export async function hashOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  return hash.digest("hex");
}
