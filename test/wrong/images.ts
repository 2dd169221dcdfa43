import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ImageManifest } from "@rackwright/contract";

export interface WrittenImage {
  readonly manifest: string;
  /** Where each file lies, by its role. */
  readonly files: ReadonlyMap<string, { readonly sha256: string; readonly path: string; readonly size: number }>;
}

/** Writes an image with these files, by role, into a region's image store, as a build does. */
export async function writeImage(
  store: string,
  name: string,
  kind: ImageManifest["kind"],
  contents: Readonly<Record<string, string | Buffer>>,
): Promise<WrittenImage> {
  const files = new Map<string, { sha256: string; path: string; size: number }>();
  for (const [role, content] of Object.entries(contents)) {
    const sha256 = createHash("sha256").update(content).digest("hex");
    const path = join(store, "sha256", sha256.slice(0, 2), sha256);
    await mkdir(join(path, ".."), { recursive: true });
    await writeFile(path, content);
    files.set(role, { sha256, path, size: Buffer.byteLength(content) });
  }
  const manifest: ImageManifest = {
    name,
    kind,
    title: name,
    os: "debian",
    release: "12",
    architecture: "amd64",
    recipe: "0".repeat(64),
    builtAt: "2026-01-01T00:00:00.000Z",
    files: [...files].map(([role, { sha256, size }]) => ({ role, name: role, sha256, size })),
  };
  const path = join(store, "manifests", `${name}.json`);
  await mkdir(join(path, ".."), { recursive: true });
  await writeFile(path, JSON.stringify(manifest));
  return { manifest: path, files };
}

/** Boot loaders and an ephemeral system of a few bytes: enough for every boot decision, not for a boot. */
export async function writeSmallImages(store: string): Promise<void> {
  await writeImage(store, "bootloaders", "bootloader", { "bootx64.efi": "shim", "undionly.kpxe": "ipxe" });
  const system = { "boot-kernel": "kernel", "boot-initrd": "initrd", squashfs: "root" };
  await writeImage(store, "ephemeral-debian-12", "ephemeral", system);
}
