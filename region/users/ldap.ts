import { isIP } from "node:net";
import { Client } from "ldapts";
import { ldapUnreachable } from "@rackwright/contract";
import { OutsideDown } from "../errors.ts";

/** What is needed to ask an LDAP server. */
export type LdapSettings = {
  name: string;
  url: string;
  start_tls: boolean;
  ca: string | null;
  user_dn: string | null;
  bind_dn: string | null;
  bind_password: string | null;
  user_base: string | null;
  user_filter: string;
  username_attribute: string;
  group_base: string | null;
  group_filter: string;
  group_attribute: string;
};

/** Somebody an LDAP server knows. */
export type LdapPerson = { dn: string; username: string; email: string; fullName: string; groups: string[] };

/** Milliseconds a server has for an answer. */
const patience = 5000;
const mostGroups = 1000;

/** A value inside a filter (RFC 4515 section 3). */
export function escapeFilter(value: string): string {
  return value.replaceAll(/[\\*()\0]/g, (char) => `\\${char.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

/** A value inside a distinguished name (RFC 4514 section 2.4). */
export function escapeDn(value: string): string {
  return value
    .replaceAll(/[\\,+"<>;=#\0]/g, (char) => `\\${char.charCodeAt(0).toString(16).padStart(2, "0")}`)
    .replaceAll(/^ | $/g, "\\20");
}

/**
 * Proves a name and password to a server: by binding as the user, whose name is made by a pattern or searched for first.
 * Null when the server knows nobody of that name and password.
 *
 * @throws OutsideDown when the server cannot be asked
 */
export async function askLdap(
  settings: LdapSettings,
  { username, password }: { username: string; password: string },
): Promise<LdapPerson | null> {
  // A bind with an empty password is anonymous and succeeds (RFC 4513 section 5.1.2).
  if (password === "" || username === "") return null;
  const open = () => connect(settings);
  try {
    const dn =
      settings.user_dn?.replaceAll("{username}", escapeDn(username)) ?? (await searchFor(open, settings, username));
    if (dn === null) return null;
    const client = await open();
    try {
      if (!(await bound(client, dn, password))) return null;
      return await readPerson(client, settings, dn, username);
    } finally {
      await client.unbind().catch(() => undefined);
    }
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    throw new OutsideDown(`The LDAP server ${settings.name} cannot be asked: ${words}`, {
      ...ldapUnreachable,
      cause: error,
    });
  }
}

async function connect({ url, start_tls, ca }: LdapSettings): Promise<Client> {
  const tlsOptions = { minVersion: "TLSv1.2" as const, ...(ca !== null && { ca }) };
  const secure = url.startsWith("ldaps:") ? { tlsOptions } : {};
  const client = new Client({ url, timeout: patience, connectTimeout: patience, ...secure });
  const host = new URL(url).hostname;
  const name = isIP(host) === 0 ? { host, servername: host } : { host };
  if (start_tls && url.startsWith("ldap:")) await client.startTLS({ ...tlsOptions, ...name });
  return client;
}

/** Whether the server takes the password. Every other refusal than of the password is thrown. */
async function bound(client: Client, dn: string, password: string): Promise<boolean> {
  try {
    await client.bind(dn, password);
    return true;
  } catch (error) {
    // invalidCredentials, noSuchObject, invalidDNSyntax (RFC 4511 appendix A)
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === 49 || code === 32 || code === 34) return false;
    throw error;
  }
}

async function searchFor(
  open: () => Promise<Client>,
  { bind_dn, bind_password, user_base, user_filter }: LdapSettings,
  username: string,
): Promise<string | null> {
  const client = await open();
  try {
    if (bind_dn !== null) await client.bind(bind_dn, bind_password ?? "");
    const { searchEntries } = await client.search(user_base ?? "", {
      scope: "sub",
      filter: user_filter.replaceAll("{username}", escapeFilter(username)),
      attributes: ["1.1"],
      sizeLimit: 2,
      timeLimit: patience / 1000,
    });
    // Two of one name: nobody knows which is meant.
    return searchEntries.length === 1 ? (searchEntries[0]?.dn ?? null) : null;
  } finally {
    await client.unbind().catch(() => undefined);
  }
}

const texts = (value: unknown): string[] => [value].flat().filter((one) => typeof one === "string");

async function readPerson(
  client: Client,
  { username_attribute, group_base, group_filter, group_attribute }: LdapSettings,
  dn: string,
  typed: string,
): Promise<LdapPerson> {
  const limit = { timeLimit: patience / 1000 };
  const attributes = [username_attribute, "mail", "displayName", "cn"];
  const { searchEntries } = await client.search(dn, { scope: "base", filter: "(objectClass=*)", attributes, ...limit });
  const [entry] = searchEntries;
  const value = (name: string): string | undefined => texts(entry?.[name])[0];
  // The spelling of the directory: it takes a name in whatever case.
  const names = texts(entry?.[username_attribute]);
  const username = names.find((name) => name.toLowerCase() === typed.toLowerCase()) ?? names[0] ?? typed.toLowerCase();
  const found =
    group_base === null
      ? []
      : (
          await client.search(group_base, {
            scope: "sub",
            filter: group_filter.replaceAll("{dn}", escapeFilter(dn)).replaceAll("{username}", escapeFilter(username)),
            attributes: [group_attribute],
            sizeLimit: mostGroups,
            ...limit,
          })
        ).searchEntries;
  return {
    dn,
    username,
    email: value("mail")?.slice(0, 254) ?? "",
    fullName: (value("displayName") ?? value("cn") ?? "").slice(0, 150),
    groups: found.flatMap((group) => texts(group[group_attribute])),
  };
}
