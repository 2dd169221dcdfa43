import { createHash } from "node:crypto";
import { lstat, readFile, readdir, readlink } from "node:fs/promises";
import { join } from "node:path";
import type { ImageManifest } from "@rackwright/contract";

/** Raised when the way of building changes, so that every image is built anew. */
export const builderVersion = 1;

interface Described {
  readonly name: string;
  readonly title: string;
  readonly os: string;
  readonly release: string;
}

/** Boot loaders: files taken out of packages as they are, signatures and all. */
export interface LoaderRecipe extends Described {
  readonly kind: "bootloader";
  readonly suite: string;
  readonly packages: readonly string[];
  /** Name a firmware asks for → path inside one of the packages. */
  readonly loaders: Readonly<Record<string, string>>;
}

/** A root file system made of packages, changed by `files/`, squashed. */
export interface SystemRecipe extends Described {
  readonly kind: "ephemeral" | "deployable";
  readonly suite: string;
  readonly packages: readonly string[];
  /** dpkg path patterns that are not unpacked. */
  readonly excluded: readonly string[];
  /** Patterns that are unpacked all the same. */
  readonly included: readonly string[];
  /** Folder with `root/` (copied over the root file system) and `customize` (run inside it afterwards). */
  readonly files: string;
  /** Files that `customize` leaves in /rackwright-out, by role. */
  readonly outputs: readonly string[];
  /**
   * Folder that `customize` finds as /rackwright-initrd: its `make` builds an initrd which fetches this root file
   * system over the network.
   */
  readonly initrd: string;
  /** Whether the agent and its Node go in. */
  readonly agent: boolean;
}

export type Recipe = LoaderRecipe | SystemRecipe;

/** What a recipe depends on besides itself. */
export interface RecipeInputs {
  readonly architecture: ImageManifest["architecture"];
  /** SHA-256 of the Node program that goes into images with the agent. */
  readonly node: string;
}

/** Every file below a folder with its kind, whether it is executable, and its content, sorted by path. */
async function describeFiles(folder: string, prefix = ""): Promise<string[]> {
  const described: string[] = [];
  for (const entry of (await readdir(folder, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    const name = `${prefix}${entry.name}`;
    if (entry.isDirectory()) described.push(`d ${name}`, ...(await describeFiles(path, `${name}/`)));
    else if (entry.isSymbolicLink()) described.push(`l ${name} ${await readlink(path)}`);
    else {
      const executable = ((await lstat(path)).mode & 0o100) !== 0;
      const content = createHash("sha256")
        .update(await readFile(path))
        .digest("hex");
      described.push(`${executable ? "x" : "f"} ${name} ${content}`);
    }
  }
  return described;
}

/** SHA-256 over everything an image is made of, except the versions of packages and the agent's bundle. */
export async function recipeHash(recipe: Recipe, inputs: RecipeInputs): Promise<string> {
  const system = recipe.kind === "bootloader" ? null : recipe;
  const document = {
    builderVersion,
    architecture: inputs.architecture,
    recipe: {
      ...recipe,
      files: system === null ? [] : await describeFiles(system.files),
      initrd: system === null ? [] : await describeFiles(system.initrd),
    },
    node: system?.agent === true ? inputs.node : null,
  };
  return createHash("sha256").update(JSON.stringify(document)).digest("hex");
}
