import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { ImageManifest } from "@rackwright/contract";

const kibibyte = 1024;

/** What a fleet is served: real names and plausible sizes, contents that no processor could run. */
const images: readonly { name: string; kind: ImageManifest["kind"]; files: Readonly<Record<string, number>> }[] = [
  {
    name: "bootloaders",
    kind: "bootloader",
    files: { "undionly.kpxe": 64 * kibibyte, "bootx64.efi": 64 * kibibyte, "grubx64.efi": 128 * kibibyte },
  },
  {
    name: "ephemeral-debian-12",
    kind: "ephemeral",
    files: { "boot-kernel": 8192 * kibibyte, "boot-initrd": 16_384 * kibibyte, squashfs: 32_768 * kibibyte },
  },
  { name: "debian-12", kind: "deployable", files: { squashfs: 16_384 * kibibyte } },
];

/** Writes the fleet's images into a region's image store, as a build does. */
export async function writeFleetImages(store: string): Promise<void> {
  for (const { name, kind, files } of images) {
    const described = [];
    for (const [role, size] of Object.entries(files)) {
      const content = Buffer.alloc(size, `${name} ${role} `);
      const sha256 = createHash("sha256").update(content).digest("hex");
      const path = join(store, "sha256", sha256.slice(0, 2), sha256);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, content);
      described.push({ role, name: role, sha256, size });
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
      files: described,
    };
    await mkdir(join(store, "manifests"), { recursive: true });
    await writeFile(join(store, "manifests", `${name}.json`), JSON.stringify(manifest));
  }
}
