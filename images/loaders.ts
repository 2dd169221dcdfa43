import { imageLoaderMissing } from "@rackwright/contract";
import { copyFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { confined } from "./command.ts";
import { ImageBuildError } from "./failure.ts";
import type { LoaderRecipe } from "./recipe.ts";
import { type BuildContext, aptOptions, aptSources, archiveHooks } from "./system.ts";
import { words } from "./words.ts";

/** Take the boot loaders out of their packages; nothing of the packages is run. Returns the files by name. */
export async function extractLoaders(
  recipe: LoaderRecipe,
  context: BuildContext,
): Promise<ReadonlyMap<string, string>> {
  const root = join(context.work, "packages");
  const out = join(context.work, "out");
  await mkdir(context.archives, { recursive: true });
  await mkdir(out, { recursive: true });
  context.step("packages", 0, "fetching the packages of the boot loaders");
  await confined(
    context.run,
    "fetching the packages of the boot loaders",
    [
      ...words("mmdebstrap --mode=root --variant=extract --format=directory --verbose"),
      "--skip=download/empty,check/empty",
      `--architectures=${context.architecture}`,
      `--include=${recipe.packages.join(",")}`,
      ...aptOptions,
      ...archiveHooks(context.archives),
      recipe.suite,
      root,
      "-",
    ],
    {
      input: `${aptSources(recipe.suite, context.source).join("\n")}\n`,
      env: { LC_ALL: "C.UTF-8", TMPDIR: context.work },
      ...(context.signal === undefined ? {} : { signal: context.signal }),
    },
  );
  context.step("loaders", 90, "taking out the boot loaders");
  const files = new Map<string, string>();
  for (const [name, path] of Object.entries(recipe.loaders)) {
    const target = join(out, name);
    await copyFile(join(root, path), target).catch(() => {
      throw new ImageBuildError(
        imageLoaderMissing,
        `The boot loader ${name} was expected at /${path} in ${recipe.packages.join(", ")}, but is not there.`,
      );
    });
    files.set(name, target);
  }
  return files;
}
