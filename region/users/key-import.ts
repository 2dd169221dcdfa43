import { sshKeyText } from "@rackwright/contract";
import type { Database } from "../database/pool.ts";
import { InputError } from "../errors.ts";
import { appendAudit } from "../events/audit.ts";
import { refuseTooMany } from "./bounds.ts";
import { type SshKey, isConsistent } from "./ssh-keys.ts";

/** Where people publish their keys: Launchpad and GitHub, or servers that answer like them. */
export type KeySources = { lp: string; gh: string };
export const publicKeySources: KeySources = { lp: "https://launchpad.net", gh: "https://github.com" };

const paths: Record<keyof KeySources, (name: string) => string> = {
  lp: (name) => `/~${name}/+sshkeys`,
  gh: (name) => `/${name}.keys`,
};
const titles = { lp: "Launchpad", gh: "GitHub" };
const longest = 256 * 1024;
const mostKeys = 100;
const waitMillis = 10_000;

type Owner = { id: number; username: string };
type World = { sources: KeySources; now: Date; signal?: AbortSignal };

/**
 * Gives a user the SSH keys that somebody publishes at Launchpad (`lp:NAME`) or GitHub (`gh:NAME`); a bare name is one at
 * Launchpad. Those the user has stay as they are. Returns every published key as it is kept.
 *
 * @throws InputError for another source, a name that has no keys there, and a source that does not answer; StateConflict where the
 * user would have too many
 */
export async function importSshKeys(
  db: Database,
  { id: userId, username }: Owner,
  from: string,
  world: World,
): Promise<SshKey[]> {
  const { kind, name } = parseSource(from);
  const source = `${kind}:${name}`;
  const keys = await publishedKeys(kind, name, world);
  return db.transaction().execute(async (tx) => {
    const added = await tx
      .insertInto("ssh_keys")
      .values(keys.map((key) => ({ user_id: userId, key, source, created_at: world.now })))
      .onConflict((conflict) => conflict.columns(["user_id", "key"]).doNothing())
      .returning("id")
      .execute();
    if (added.length > 0) await refuseTooMany(tx, "ssh_keys", userId);
    await appendAudit(tx, {
      type: "ssh-key.changed",
      at: world.now,
      actor: username,
      message: `${username} imported SSH keys from ${source} (${keys.length}, ${added.length} of them new)`,
      after: { source, added: added.length },
      data: { username, change: "imported" },
    });
    const rows = await tx
      .selectFrom("ssh_keys")
      .select(["id", "key", "source", "created_at"])
      .where("user_id", "=", userId)
      .where("key", "in", keys)
      .orderBy("id")
      .execute();
    return rows.map((row) => ({ ...row, created_at: row.created_at.toISOString() }));
  });
}

function parseSource(text: string): { kind: keyof KeySources; name: string } {
  const [, kind = "lp", name = ""] = /^(?:(lp|gh):)?([A-Za-z0-9][A-Za-z0-9.+_-]{0,63})$/.exec(text) ?? [];
  if (name === "" || (kind !== "lp" && kind !== "gh"))
    throw InputError.field("keysource", text.slice(0, 100), "must be lp:NAME (Launchpad) or gh:NAME (GitHub)");
  return { kind, name };
}

/** Keys as they are published, without what is no key of a kind that is let in. */
async function publishedKeys(kind: keyof KeySources, name: string, { sources, signal }: World): Promise<string[]> {
  const failed = (what: string, cause?: unknown) =>
    new InputError(`Keys of ${name} could not be imported from ${titles[kind]}: ${what}.`, { cause });
  const stops = [AbortSignal.timeout(waitMillis), ...(signal ? [signal] : [])];
  const text = await fetchText(sources[kind] + paths[kind](name), AbortSignal.any(stops)).catch((cause: unknown) => {
    throw failed("it does not answer as it should", cause);
  });
  if (text === null) throw failed("there is no such user");
  const keys = text.split("\n").flatMap((line) => {
    const key = sshKeyText.safeParse(line);
    return key.success && isConsistent(key.data) ? [key.data] : [];
  });
  if (keys.length === 0) throw failed("the user has no keys there");
  return [...new Set(keys)].slice(0, mostKeys);
}

/** A short text from a server; null for 404. Redirects are not followed: they could lead into the own network. */
async function fetchText(url: string, signal: AbortSignal): Promise<string | null> {
  const response = await fetch(url, { signal, redirect: "error", headers: { accept: "text/plain" } });
  if (response.status === 404) return null;
  if (!response.ok || response.body === null) throw new Error(`${url} answered ${response.status}`);
  let text = "";
  const decoder = new TextDecoder();
  for await (const piece of response.body) {
    text += decoder.decode(piece, { stream: true });
    if (text.length > longest) throw new Error(`${url} answered more than ${longest} characters`);
  }
  return text + decoder.decode();
}
