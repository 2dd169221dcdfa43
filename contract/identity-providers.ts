import { z } from "zod";
import { instant } from "./values.ts";

/** Name of a provider: part of URLs, and of who a user is (`oidc:NAME`, `ldap:NAME`). */
export const providerName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "must be 1 to 63 small letters, digits and hyphens")
  .describe("what it is called here: part of addresses and of who its users are");
const word = z.string().min(1).max(500);
const secret = z.string().min(1).max(1000);
const isLoopback = (url: URL) => ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname);

const issuer = z
  .url({ protocol: /^https?$/, error: "must be a URL such as https://login.example.org/realms/main", abort: true })
  .max(1000)
  .refine((text) => {
    if (!URL.canParse(text)) return false;
    const url = new URL(text);
    return (url.protocol === "https:" || isLoopback(url)) && url.search === "" && url.hash === "";
  }, "must be a https URL without query; http only on this host");

const mapped = {
  group_map: z
    .record(z.string().min(1).max(500), z.string().min(1).max(150))
    .describe("the provider's name of a group: the group here whose members they are"),
  administrator_groups: z
    .array(word)
    .max(100)
    .describe("the provider's groups whose members are administrators; where there are any, nobody else of his is"),
  enabled: z.boolean().describe("false: nobody can log in by it"),
};

const oidcFields = {
  title: z.string().max(100).describe("what the button says"),
  issuer: issuer.describe("address of the provider, such as https://login.example.org/realms/main"),
  client_id: word.describe("what the provider calls this region"),
  client_secret: secret
    .nullable()
    .describe("what the provider gave with the client id; null: nothing. It is never shown again"),
  scopes: z
    .string()
    .max(500)
    .regex(/(^| )openid( |$)/, "must contain openid")
    .describe("what the provider is asked for, with spaces between; openid among it"),
  username_claim: word.describe("claim that gives the name of the user here"),
  groups_claim: word.nullable().describe("claim that lists the groups of the user"),
  redirect_uri: z
    .url({ protocol: /^https?$/ })
    .max(1000)
    .nullable()
    .describe("where the provider sends browsers back, if they reach this region by another name than they say"),
  ...mapped,
};
export const oidcCreate = z.strictObject({
  name: providerName,
  ...oidcFields,
  title: oidcFields.title.default(""),
  client_secret: oidcFields.client_secret.default(null),
  scopes: oidcFields.scopes.default("openid profile email"),
  username_claim: oidcFields.username_claim.default("preferred_username"),
  groups_claim: oidcFields.groups_claim.default(null),
  redirect_uri: oidcFields.redirect_uri.default(null),
  group_map: mapped.group_map.default({}),
  administrator_groups: mapped.administrator_groups.default([]),
  enabled: mapped.enabled.default(true),
});
export const oidcUpdate = z.strictObject(oidcFields).partial();
export const oidcProvider = z
  .object(oidcFields)
  .omit({ client_secret: true })
  .extend({ name: z.string(), has_secret: z.boolean(), created_at: instant });
export type OidcProvider = z.infer<typeof oidcProvider>;

const pattern = z.string().max(1000);
const withUser = (field: string) =>
  pattern.refine((text) => text.includes("{username}"), `must contain {username}, such as ${field}`);
const ldapFields = {
  url: z
    .url({ protocol: /^ldaps?$/, error: "must be a URL such as ldaps://ldap.example.org" })
    .max(500)
    .refine(
      (text) => URL.canParse(text) && ["", "/"].includes(new URL(text).pathname),
      "must have scheme, host and port only",
    )
    .describe("address of the server, such as ldaps://ldap.example.org"),
  start_tls: z.boolean().describe("begin in the clear and change to TLS before anything is said"),
  ca: z.string().max(100_000).includes("BEGIN CERTIFICATE").nullable().describe("PEM certificates that are trusted"),
  user_dn: withUser("uid={username},ou=people,dc=example,dc=org")
    .nullable()
    .describe("name to bind by; null: it is searched for"),
  bind_dn: pattern.min(3).nullable().describe("name to search by; null: anonymously"),
  bind_password: secret.nullable().describe("password to search with; it is never shown again"),
  user_base: pattern.min(3).nullable().describe("where users are searched for"),
  user_filter: withUser("(uid={username})").describe("what finds a user there, with {username}"),
  username_attribute: word.describe("attribute that gives the name of the user here"),
  group_base: pattern.min(3).nullable().describe("where groups are searched for; null: there are none"),
  group_filter: pattern.describe("what finds the groups of a user there, with his {dn} or {username}"),
  group_attribute: word.describe("attribute that names a group"),
  ...mapped,
};
export const ldapCreate = z.strictObject({
  name: providerName,
  ...ldapFields,
  start_tls: ldapFields.start_tls.default(false),
  ca: ldapFields.ca.default(null),
  user_dn: ldapFields.user_dn.default(null),
  bind_dn: ldapFields.bind_dn.default(null),
  bind_password: ldapFields.bind_password.default(null),
  user_base: ldapFields.user_base.default(null),
  user_filter: ldapFields.user_filter.default("(uid={username})"),
  username_attribute: ldapFields.username_attribute.default("uid"),
  group_base: ldapFields.group_base.default(null),
  group_filter: ldapFields.group_filter.default("(member={dn})"),
  group_attribute: ldapFields.group_attribute.default("cn"),
  group_map: mapped.group_map.default({}),
  administrator_groups: mapped.administrator_groups.default([]),
  enabled: mapped.enabled.default(true),
});
export const ldapUpdate = z.strictObject(ldapFields).partial();
export const ldapServer = z
  .object(ldapFields)
  .omit({ bind_password: true })
  .extend({ name: z.string(), has_password: z.boolean(), created_at: instant });
export type LdapServer = z.infer<typeof ldapServer>;

/** Ways to log in, for whoever has not yet. */
export const loginWays = z.object({
  password: z.literal(true),
  oidc: z.array(z.object({ name: z.string(), title: z.string(), url: z.string() })),
});
export type LoginWays = z.infer<typeof loginWays>;
