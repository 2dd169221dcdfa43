export { type BuildOptions, type BuildProgress, buildImages, recipes } from "./build.ts";
export { ImageBuildError } from "./failure.ts";
export { hostPackages } from "./host.ts";
export { type ProcessOptions, type ProcessResult, type ProcessRunner, hostRunner } from "./process.ts";
export { type LoaderRecipe, type Recipe, type SystemRecipe, builderVersion, recipeHash } from "./recipe.ts";
export { blobPath, hashFile, isComplete, listManifests, manifestPath, pruneStore, readManifest } from "./store.ts";
