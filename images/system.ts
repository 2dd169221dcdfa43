import { copyFile, mkdir, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { confined } from "./command.ts";
import type { PackageSource } from "./host.ts";
import type { ProcessRunner } from "./process.ts";
import type { SystemRecipe } from "./recipe.ts";
import { words } from "./words.ts";

/** What the steps of a build are given. */
export interface BuildContext {
  readonly run: ProcessRunner;
  readonly source: PackageSource;
  /** Folder for downloads kept between builds. */
  readonly archives: string;
  /** Empty folder of this image, removed afterwards. */
  readonly work: string;
  readonly architecture: "amd64";
  readonly agent: { readonly bundle: string };
  readonly node: string;
  readonly signal: AbortSignal | undefined;
  step(step: string, percent: number, message: string): void;
}

const components = "main non-free-firmware";

/** Lines for apt: release, updates and security, verified with Debian's own keys. */
export function aptSources(suite: string, source: PackageSource): string[] {
  const line = (address: string, name: string): string =>
    `deb [signed-by=${source.keyring}] ${address} ${name} ${components}`;
  return [
    line(source.mirror, suite),
    line(source.mirror, `${suite}-updates`),
    line(source.security, `${suite}-security`),
  ];
}

/**
 * Follows apt and dpkg through their output and says which share of the packages is installed. mmdebstrap installs in
 * two rounds, the essential packages (always about ninety) and then the rest; a round announced twice counts once.
 */
export function installProgress(): (line: string) => number {
  const rounds: number[] = [];
  let done = 0;
  let told = 0;
  return (line) => {
    const planned = /^\d+ upgraded, (\d+) newly installed/.exec(line)?.[1];
    if (planned !== undefined && rounds.at(-1) !== Number(planned)) rounds.push(Number(planned));
    else if (/^(Unpacking |Setting up )/.test(line)) done += 1;
    const expected = rounds.length < 2 ? 300 : rounds.reduce((sum, count) => sum + count, 0);
    told = Math.max(told, Math.min(1, done / (expected * 2)));
    return told;
  };
}

/** Nothing that was not asked for; a mirror that stumbles is asked again. */
export const aptOptions: readonly string[] = [
  '--aptopt=APT::Install-Recommends "false"',
  '--aptopt=Acquire::Languages "none"',
  '--aptopt=Acquire::Retries "3"',
];

function quoted(path: string): string {
  return `'${path.replaceAll("'", `'\\''`)}'`;
}

/** Hooks of mmdebstrap that link the kept .debs into the new system before packages are fetched, and new ones out. */
export function archiveHooks(archives: string): string[] {
  const inside = '"$1"/var/cache/apt/archives/';
  const kept = quoted(archives);
  return [
    `--setup-hook=mkdir -p ${inside}partial && for deb in ${kept}/*.deb; do [ ! -e "$deb" ] || cp -al "$deb" ${inside} 2>/dev/null || cp -a "$deb" ${inside}; done`,
    `--customize-hook=for deb in ${inside}*.deb; do [ -e ${kept}/"\${deb##*/}" ] || ln "$deb" ${kept}/ 2>/dev/null || cp -a "$deb" ${kept}/; done; rm -f ${inside}*.deb`,
  ];
}

function changeHooks(recipe: SystemRecipe): string[] {
  const root = quoted(join(recipe.files, "root"));
  return [
    `--customize-hook=cp -r ${quoted(recipe.initrd)} "$1"/rackwright-initrd`,
    `--customize-hook=tar -C ${root} --owner=0 --group=0 --mode=u=rwX,go=rX -cf - . | tar -C "$1" --no-overwrite-dir --keep-directory-symlink -xf -`,
    `--customize-hook=cp ${quoted(join(recipe.files, "customize"))} "$1"/rackwright-customize && chmod 755 "$1"/rackwright-customize`,
    '--customize-hook=chroot "$1" /rackwright-customize && rm -r "$1"/rackwright-customize "$1"/rackwright-initrd',
  ];
}

/** Install the packages into a new root file system and make the recipe's changes. Returns its folder. */
async function makeRoot(recipe: SystemRecipe, context: BuildContext): Promise<string> {
  const root = join(context.work, "root");
  const progress = installProgress();
  let told = 0;
  context.step("packages", 0, `fetching and installing ${recipe.packages.length} packages and what they need`);
  await confined(
    context.run,
    `installing the packages of ${recipe.name}`,
    [
      ...words("mmdebstrap --mode=root --variant=apt --format=directory --verbose --dpkgopt=force-unsafe-io"),
      "--skip=download/empty,essential/unlink,check/empty",
      `--architectures=${context.architecture}`,
      `--include=${recipe.packages.join(",")}`,
      ...aptOptions,
      ...recipe.excluded.map((pattern) => `--dpkgopt=path-exclude=${pattern}`),
      ...recipe.included.map((pattern) => `--dpkgopt=path-include=${pattern}`),
      ...archiveHooks(context.archives),
      ...changeHooks(recipe),
      recipe.suite,
      root,
      "-",
    ],
    {
      input: `${aptSources(recipe.suite, context.source).join("\n")}\n`,
      env: { INITRD: "No", LC_ALL: "C.UTF-8", DEBIAN_FRONTEND: "noninteractive", TMPDIR: context.work },
      ...(context.signal === undefined ? {} : { signal: context.signal }),
      onLine: (line) => {
        const percent = Math.floor(progress(line) * 60);
        if (percent > told) context.step("packages", (told = percent), "fetching and installing packages");
        if (line.includes("/rackwright-customize"))
          context.step("customize", 62, "configuring the system, making its initrd");
      },
    },
  );
  return root;
}

async function addAgent(root: string, context: BuildContext): Promise<void> {
  const folder = join(root, "usr/lib/rackwright");
  await mkdir(folder, { recursive: true });
  await confined(context.run, "adding Node", ["strip", "-o", join(folder, "node"), context.node]);
  await copyFile(context.agent.bundle, join(folder, "agent.mjs"));
}

/** The date of the package archive, left by `customize`: the newest time any file of the image may have. */
async function archiveDate(root: string): Promise<string> {
  return (await readFile(join(root, "rackwright-out", "epoch"), "utf8")).trim();
}

async function squash(
  root: string,
  target: string,
  epoch: string,
  recipe: SystemRecipe,
  context: BuildContext,
): Promise<void> {
  context.step("squashfs", 75, "compressing the root file system");
  let told = 75;
  await confined(
    context.run,
    `compressing ${recipe.name}`,
    [
      "mksquashfs",
      root,
      target,
      ...words("-noappend -comp zstd -Xcompression-level 9 -b 131072 -progress"),
      ...(recipe.kind === "ephemeral" ? ["-no-xattrs"] : []),
      "-e",
      "rackwright-out",
    ],
    {
      env: { SOURCE_DATE_EPOCH: epoch },
      ...(context.signal === undefined ? {} : { signal: context.signal }),
      onLine: (line) => {
        const share = /\s(\d{1,3})%\s*$/.exec(line)?.[1];
        const percent = 75 + Math.floor((Math.min(100, Number(share ?? 0)) * 22) / 100);
        if (percent > told) context.step("squashfs", (told = percent), "compressing the root file system");
      },
    },
  );
}

/** Build a root file system image. Returns the files made in the work folder by role. */
export async function buildSystem(recipe: SystemRecipe, context: BuildContext): Promise<ReadonlyMap<string, string>> {
  await mkdir(context.archives, { recursive: true });
  const root = await makeRoot(recipe, context);
  if (recipe.agent) await addAgent(root, context);
  const epoch = await archiveDate(root);
  const files = new Map<string, string>();
  const out = join(context.work, "out");
  await mkdir(out);
  for (const role of recipe.outputs) {
    await rename(join(root, "rackwright-out", role), join(out, role));
    files.set(role, join(out, role));
  }
  await squash(root, join(out, "squashfs"), epoch, recipe, context);
  files.set("squashfs", join(out, "squashfs"));
  return files;
}
