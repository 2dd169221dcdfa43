import { z } from "zod";
import { architecture, instant, sha256 } from "./values.ts";

/** One file of an image, stored and served under its hash. */
export const imageFile = z.object({
  role: z.string().describe("boot-kernel, boot-initrd, squashfs, or a boot loader's file name such as grubx64.efi"),
  name: z.string().regex(/^[A-Za-z0-9._-]{1,100}$/),
  sha256,
  size: z.int().nonnegative(),
});
export type ImageFile = z.infer<typeof imageFile>;

/** What a build leaves beside its files: `<store>/manifests/<name>.json`. */
export const imageManifest = z.object({
  name: z.string().regex(/^[a-z0-9][a-z0-9.-]{0,62}$/),
  kind: z.enum(["bootloader", "ephemeral", "deployable"]),
  title: z.string(),
  os: z.string(),
  release: z.string(),
  architecture,
  recipe: sha256.describe("hash of everything the recipe was made of"),
  builtAt: instant,
  files: z.array(imageFile).min(1),
});
export type ImageManifest = z.infer<typeof imageManifest>;

/** An image as the API shows it. */
export const image = z.object({
  name: z.string(),
  kind: z.enum(["bootloader", "ephemeral", "deployable"]),
  title: z.string(),
  os: z.string(),
  release: z.string(),
  architecture,
  built_at: instant,
  size: z.int(),
  files: z.array(imageFile),
});
export type Image = z.infer<typeof image>;
