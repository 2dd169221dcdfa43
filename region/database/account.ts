import { readFile, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";

/** A user of the operating system, as PostgreSQL needs one: it refuses to run as root or as a bare number. */
export type Account = { name: string; uid: number; gid: number };

/** Reads lines of passwd(5). */
export function parsePasswd(text: string): Account[] {
  return text.split("\n").flatMap((line) => {
    const [name, , uid, gid] = line.split(":");
    if (!name || !uid || !gid || !/^\d+$/.test(uid) || !/^\d+$/.test(gid)) return [];
    return [{ name, uid: Number(uid), gid: Number(gid) }];
  });
}

/**
 * Who PostgreSQL runs as. Not root: ourselves (null, no change needed). Root: the owner of the existing data folder,
 * else user `postgres`, else `nobody`.
 *
 * @throws Error when root has none of them
 */
export async function databaseAccount(dataFolder: string, passwdFile = "/etc/passwd"): Promise<Account | null> {
  if (process.getuid?.() !== 0) return null;
  const accounts = parsePasswd(await readFile(passwdFile, "utf8"));
  const owner = await stat(dataFolder).then(
    (found) => found.uid,
    () => undefined,
  );
  const chosen =
    accounts.find((account) => account.uid === owner && account.uid !== 0) ??
    accounts.find((account) => account.name === "postgres") ??
    accounts.find((account) => account.name === "nobody");
  if (chosen) return chosen;
  throw new Error(
    `PostgreSQL does not run as root and ${passwdFile} has no user 'postgres' or 'nobody'. ` +
      "Create one (adduser --system --group postgres) or give --database a URL.",
  );
}

/** The first folder on the way to `path` that the account may not pass, or null when it can reach the path. */
export async function firstUnreachable(path: string, account: Account | null): Promise<string | null> {
  if (account === null) return null;
  const folders = [];
  for (let folder = resolve(path); ; folder = dirname(folder)) {
    folders.unshift(folder);
    if (folder === dirname(folder)) break;
  }
  for (const folder of folders) {
    const { uid, gid, mode } = await stat(folder);
    const mask = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001;
    if ((mode & mask) === 0) return folder;
  }
  return null;
}
