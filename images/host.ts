import { imageKeyringMissing, imageNoSpace, imageNotRoot, imageProgramMissing } from "@rackwright/contract";
import { access, mkdir, readFile, readdir, statfs } from "node:fs/promises";
import { join } from "node:path";
import { ImageBuildError } from "./failure.ts";
import type { ProcessRunner } from "./process.ts";

/** Packages of Debian or Ubuntu that building images needs. */
export const hostPackages: string[] = [
  "mmdebstrap",
  "squashfs-tools",
  "zstd",
  "debian-archive-keyring",
  "util-linux",
  "binutils",
  "tar",
];

const programs: Readonly<Record<string, string>> = {
  mmdebstrap: "mmdebstrap",
  mksquashfs: "squashfs-tools",
  zstd: "zstd",
  flock: "util-linux",
  setpriv: "util-linux",
  unshare: "util-linux",
  strip: "binutils",
  tar: "tar",
  "apt-get": "apt",
};

/** Where packages come from. */
export interface PackageSource {
  /** Address of a Debian mirror, such as http://deb.debian.org/debian. */
  readonly mirror: string;
  /** Address of the security archive belonging to it. */
  readonly security: string;
  /** Path of the keys that sign both. */
  readonly keyring: string;
}

const standardMirror = "http://deb.debian.org/debian";
const standardSecurity = "http://deb.debian.org/debian-security";
const keyrings = ["/usr/share/keyrings/debian-archive-keyring.gpg", "/usr/share/keyrings/debian-archive-keyring.pgp"];

/**
 * Addresses of Debian's archive in the text of an apt sources file, one-line or deb822 style (sources.list(5)).
 * Only http and https addresses whose path ends in /debian or /debian-security count.
 */
export function archivesIn(text: string): { mirror?: string; security?: string } {
  const found: { mirror?: string; security?: string } = {};
  for (const line of text.split("\n")) {
    if (!/^\s*(deb\s|URIs:)/.test(line)) continue;
    for (const [word] of line.matchAll(/https?:\/\/[^\s\]]+/g)) {
      const address = word.replace(/\/+$/, "");
      if (address.endsWith("/debian")) found.mirror ??= address;
      if (address.endsWith("/debian-security")) found.security ??= address;
    }
  }
  return found;
}

async function hostArchives(root: string): Promise<{ mirror?: string; security?: string }> {
  const release = await readFile(join(root, "etc/os-release"), "utf8").catch(() => "");
  if (!/^ID="?debian"?$/m.test(release)) return {};
  const folder = join(root, "etc/apt/sources.list.d");
  const files = (await readdir(folder).catch(() => [])).map((name) => join(folder, name));
  const texts = await Promise.all(
    [join(root, "etc/apt/sources.list"), ...files.sort()].map((file) => readFile(file, "utf8").catch(() => "")),
  );
  return archivesIn(texts.join("\n"));
}

/**
 * Where to get packages: the mirror asked for, else the host's own when it is a Debian, else Debian's own.
 * `root` is the host's root folder. Fails when Debian's archive keys are not installed.
 */
export async function packageSource(mirror: string | undefined, root = "/"): Promise<PackageSource> {
  const host: { mirror?: string; security?: string } = mirror === undefined ? await hostArchives(root) : {};
  for (const keyring of keyrings) {
    const path = join(root, keyring);
    const there = await access(path).then(
      () => true,
      () => false,
    );
    if (!there) continue;
    return { mirror: mirror ?? host.mirror ?? standardMirror, security: host.security ?? standardSecurity, keyring };
  }
  throw new ImageBuildError(
    imageKeyringMissing,
    "The keys of Debian's archive are not on this host, so packages cannot be verified.",
  );
}

/** Fails with the packages to install when a program is missing, or when not run as root. */
export async function checkPrograms(run: ProcessRunner): Promise<void> {
  const script = `for p in ${Object.keys(programs).join(" ")}; do command -v "$p" >/dev/null || echo "missing $p"; done; id -u`;
  const result = await run.run("sh", ["-c", script]);
  const missing = result.lines.filter((line) => line.startsWith("missing ")).map((line) => line.slice(8));
  if (missing.length > 0) {
    const packages = [...new Set(missing.map((program) => programs[program] ?? program))];
    throw new ImageBuildError(
      imageProgramMissing,
      `Building images needs programs that are not on this host: ${missing.join(", ")}.`,
      [],
      `Run: apt-get install ${packages.join(" ")}`,
    );
  }
  if (result.lines.at(-1) !== "0") {
    throw new ImageBuildError(
      imageNotRoot,
      `Building images needs root; this process runs as user ${result.lines.at(-1) ?? "unknown"}.`,
    );
  }
}

/** Fails when the file system below a folder has less than `needed` bytes free. Makes the folder. */
export async function checkSpace(folder: string, needed: number): Promise<void> {
  await mkdir(folder, { recursive: true });
  const system = await statfs(folder);
  const free = system.bavail * system.bsize;
  if (free >= needed) return;
  const mebibytes = (bytes: number): string => `${Math.floor(bytes / 1_048_576)} MiB`;
  throw new ImageBuildError(
    imageNoSpace,
    `${folder} has ${mebibytes(free)} free; building images needs ${mebibytes(needed)}.`,
  );
}
