import { imageAgentMissing, imageNodeMissing, imageUnknown } from "@rackwright/contract";
import { access, mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ImageFile, ImageManifest } from "@rackwright/contract";
import { z } from "zod";
import { bootloaders } from "./bootloaders/recipe.ts";
import { debian12 } from "./debian-12/recipe.ts";
import { ephemeralDebian12 } from "./ephemeral-debian-12/recipe.ts";
import { ImageBuildError } from "./failure.ts";
import { checkPrograms, checkSpace, packageSource } from "./host.ts";
import { extractLoaders } from "./loaders.ts";
import { withLock } from "./lock.ts";
import type { ProcessRunner } from "./process.ts";
import { type Recipe, recipeHash } from "./recipe.ts";
import { hashFile, isComplete, pruneStore, readManifest, storeFile, writeManifest } from "./store.ts";
import { buildSystem } from "./system.ts";

/** Every image this program can build. */
export const recipes: readonly Recipe[] = [bootloaders, ephemeralDebian12, debian12];

/** How far the build of one image is. `percent` never goes back within an image; absent while only waiting. */
export interface BuildProgress {
  readonly image: string;
  readonly step: string;
  readonly percent?: number;
  readonly message: string;
}

export interface BuildOptions {
  /** Images to build; all when absent. */
  readonly names?: readonly string[];
  /** Folder of finished images: `sha256/<two digits>/<hash>` and `manifests/<name>.json`. */
  readonly store: string;
  /** Folder for downloads, the lock and work in progress. */
  readonly cache: string;
  readonly architecture: "amd64";
  readonly run: ProcessRunner;
  progress(event: BuildProgress): void;
  /** The agent's program; its content does not count as a reason to build anew. */
  readonly agent: { readonly bundle: string };
  /** Path of the pinned Node program for the machine. */
  readonly node: string;
  /** Debian mirror; default the host's own where it is a Debian, else deb.debian.org. */
  readonly mirror?: string;
  /** Prove finished images by their content rather than their size before using them again. */
  readonly verify?: "size" | "sha256";
  /** Build even where a finished image is there. */
  readonly force?: boolean;
  readonly signal?: AbortSignal;
  /** The time that goes into `builtAt`. */
  readonly now?: () => Date;
}

const nodeNote = z.object({ path: z.string(), size: z.number(), modified: z.number(), sha256: z.string() });

/** SHA-256 of the Node program, remembered by size and time of change: hashing it takes most of a second. */
async function nodeHash(path: string, cache: string): Promise<string> {
  const found = await stat(path).catch(() => null);
  if (found === null || !found.isFile()) {
    throw new ImageBuildError(imageNodeMissing, `The Node program for machines is not at ${path}.`);
  }
  const file = join(cache, "node-hash.json");
  try {
    const note = nodeNote.parse(JSON.parse(await readFile(file, "utf8")));
    if (note.path === path && note.size === found.size && note.modified === found.mtimeMs) return note.sha256;
  } catch {
    // no note, or not one of ours: hash again
  }
  const sha256 = await hashFile(path);
  await mkdir(cache, { recursive: true });
  await writeFile(`${file}.new`, JSON.stringify({ path, size: found.size, modified: found.mtimeMs, sha256 }));
  await rename(`${file}.new`, file);
  return sha256;
}

function chosen(names: readonly string[] | undefined): readonly Recipe[] {
  if (names === undefined) return recipes;
  return names.map((name) => {
    const recipe = recipes.find((recipe) => recipe.name === name);
    if (recipe !== undefined) return recipe;
    throw new ImageBuildError(
      imageUnknown,
      `There is no image named ${JSON.stringify(name)}.`,
      [],
      `Choose from: ${recipes.map((recipe) => recipe.name).join(", ")}.`,
    );
  });
}

async function finished(recipe: Recipe, hash: string, options: BuildOptions): Promise<ImageManifest | null> {
  if (options.force === true) return null;
  const manifest = await readManifest(options.store, recipe.name);
  if (manifest === null || manifest.recipe !== hash || manifest.architecture !== options.architecture) return null;
  return (await isComplete(options.store, manifest, options.verify ?? "size")) ? manifest : null;
}

async function build(recipe: Recipe, hash: string, options: BuildOptions): Promise<ImageManifest> {
  const work = join(options.cache, "work", recipe.name);
  await rm(work, { recursive: true, force: true });
  await mkdir(work, { recursive: true });
  try {
    const context = {
      run: options.run,
      source: await packageSource(options.mirror),
      archives: join(options.cache, "apt-archives"),
      work,
      architecture: options.architecture,
      agent: options.agent,
      node: options.node,
      signal: options.signal,
      step: (step: string, percent: number, message: string) =>
        options.progress({ image: recipe.name, step, percent, message }),
    };
    const made =
      recipe.kind === "bootloader" ? await extractLoaders(recipe, context) : await buildSystem(recipe, context);
    context.step("store", 97, "storing the files");
    const files: ImageFile[] = [];
    for (const [role, path] of made) files.push(await storeFile(options.store, path, role));
    const { kind, name, title, os, release } = recipe;
    const builtAt = (options.now?.() ?? new Date()).toISOString();
    const described = { name, kind, title, os, release, architecture: options.architecture };
    const manifest: ImageManifest = { ...described, recipe: hash, builtAt, files };
    await writeManifest(options.store, manifest);
    context.step("done", 100, "ready");
    return manifest;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

const gibibyte = 1024 ** 3;

/**
 * Build images, or find them built: an image whose recipe has not changed and whose files are in the store is used as
 * it is. Files that no image has named for a day are removed from the store after a build.
 * Fails with an ImageBuildError whose `failure` tells the operator why and what to do.
 */
export async function buildImages(options: BuildOptions): Promise<ImageManifest[]> {
  const wanted = chosen(options.names);
  const node = wanted.some((recipe) => recipe.kind === "ephemeral") ? await nodeHash(options.node, options.cache) : "";
  const inputs = { architecture: options.architecture, node };
  const hashes = new Map<string, string>();
  for (const recipe of wanted) hashes.set(recipe.name, await recipeHash(recipe, inputs));
  const look = async (): Promise<(ImageManifest | null)[]> =>
    Promise.all(wanted.map((recipe) => finished(recipe, hashes.get(recipe.name) ?? "", options)));
  const before = await look();
  const complete = before.filter((manifest) => manifest !== null);
  if (complete.length === wanted.length) return complete;

  await checkPrograms(options.run);
  if (wanted.some((recipe) => recipe.kind === "ephemeral")) {
    await access(options.agent.bundle).catch(() => {
      throw new ImageBuildError(imageAgentMissing, `The agent's program is not at ${options.agent.bundle}.`);
    });
  }
  const waiting = (): void => {
    for (const recipe of wanted) {
      options.progress({ image: recipe.name, step: "waiting", message: "waiting for another build on this host" });
    }
  };
  return withLock(options.run, options.cache, waiting, async () => {
    const manifests: ImageManifest[] = [];
    await checkSpace(options.cache, 4 * gibibyte);
    await checkSpace(options.store, gibibyte);
    for (const recipe of wanted) {
      const hash = hashes.get(recipe.name) ?? "";
      manifests.push((await finished(recipe, hash, options)) ?? (await build(recipe, hash, options)));
    }
    await pruneStore(options.store, options.now?.() ?? new Date());
    return manifests;
  });
}
