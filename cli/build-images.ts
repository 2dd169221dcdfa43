import { join } from "node:path";
import { buildImages, hostRunner, ImageBuildError } from "@rackwright/images";
import { type ImageManifest, imageUnknown } from "@rackwright/contract";
import { buildAgent } from "./bundles.ts";
import type { Context } from "./context.ts";
import { CliError } from "./errors.ts";
import { imageStore } from "./places.ts";
import type { Places } from "./places.ts";

export interface BuildChoice {
  readonly names?: readonly string[];
  readonly mirror?: string;
  readonly force?: boolean;
}

/** Builds the images that are missing or whose recipe changed, showing progress. Fails with a CliError. */
export async function buildImagesHere(
  context: Context,
  places: Places,
  choice: BuildChoice = {},
): Promise<ImageManifest[]> {
  const told = new Set<string>();
  try {
    return await buildImages({
      ...choice,
      store: imageStore(places),
      cache: join(places.cache, "build"),
      architecture: "amd64",
      run: hostRunner(context.environment),
      agent: { bundle: await buildAgent(places.home) },
      node: process.execPath,
      signal: context.interrupted,
      progress: ({ image, step, percent, message }) => {
        const line = `${image}: ${percent === undefined ? "" : `${String(Math.round(percent)).padStart(3)}% `}${message}`;
        if (!told.has(`${image} ${step}`)) context.terminal.say(line);
        else context.terminal.progress(line);
        told.add(`${image} ${step}`);
      },
    });
  } catch (error) {
    if (!(error instanceof ImageBuildError)) throw error;
    const { code, message, evidence, next } = error.failure;
    throw new CliError(
      [message, ...evidence.map((line) => `  ${line}`)].join("\n"),
      next,
      code === imageUnknown.code ? 2 : 1,
    );
  }
}
