import type { Command } from "commander";
import { image } from "@rackwright/contract";
import { z } from "zod";
import { clientOf, placesOf, withTarget } from "../context.ts";
import type { CommonOptions, Context } from "../context.ts";
import { type Listing, emptyOf, listingPath, withListing } from "../listing.ts";
import { bytes, showList } from "../terminal.ts";
import { moment } from "../words.ts";

/** `rackwright images …`: build what machines boot and are deployed with, and see what there is. */
export function imagesCommand(program: Command, context: Context): void {
  const images = program.command("images").description("what machines boot and are deployed with");

  images
    .command("build [names...]")
    .description("build from Debian packages: boot loaders, the ephemeral system, Debian 12; all when none is named")
    .option("--force", "build even what is up to date")
    .option("--mirror <url>", "Debian mirror to take packages from")
    .option("--state <dir>", "state folder of a running region, which then learns of the images at once")
    .option("--json", "print JSON instead of text")
    .action(async (names: string[], options: CommonOptions & { force?: boolean; mirror?: string }) => {
      const { buildImagesHere } = await import("../build-images.ts");
      const manifests = await buildImagesHere(context, placesOf(context, options), {
        ...(names.length > 0 ? { names } : {}),
        ...(options.mirror === undefined ? {} : { mirror: options.mirror }),
        force: options.force ?? false,
      });
      // A region that is not running learns of the images when it starts.
      await clientOf(context, options)
        .send("POST", "/api/v1/images/sync", {}, z.unknown())
        .catch(() => undefined);
      if (options.json) return context.terminal.print(JSON.stringify(manifests));
      const rows = manifests.map((made) => [
        made.name,
        made.kind,
        made.architecture,
        bytes(made.files.reduce((sum, file) => sum + file.size, 0)),
        moment(made.builtAt),
      ]);
      showList(context.terminal, ["image", "kind", "architecture", "size", "built"], rows, "No image was built.");
    });

  const list = withTarget(withListing(images.command("list").description("images the region knows")));
  list.action(async (options: CommonOptions & Listing) => {
    const path = listingPath("/api/v1/images", options);
    const found = await Array.fromAsync(clientOf(context, options).all(path, image));
    if (options.json) return context.terminal.print(JSON.stringify(found));
    const rows = found.map((entry) => [
      entry.name,
      entry.kind,
      entry.title,
      entry.architecture,
      bytes(entry.size),
      moment(entry.built_at),
    ]);
    const header = ["image", "kind", "title", "architecture", "size", "built"];
    showList(context.terminal, header, rows, emptyOf(options, "No image yet. 'rackwright images build' builds them."));
  });
}
