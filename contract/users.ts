import { z } from "zod";
import { instant } from "./values.ts";

export const username = z.string().regex(/^[A-Za-z0-9@.+_-]{1,150}$/, "must be 1 to 150 of letters, digits and @.+-_");
export const password = z.string().min(8, "must have at least 8 characters").max(1024);

export const roles = ["operator", "user", "auditor"] as const;
const poolName = z.string().min(1).max(256);

/** What somebody may with the machines of a resource pool; null: of every pool. */
export const grant = z.strictObject({
  role: z
    .enum(roles)
    .describe(
      "operator: every action on machines there; user: sees free machines and own ones, may have them for himself; auditor: reads everything, changes nothing",
    ),
  pool: poolName.nullable().default(null).describe("name of a resource pool; null: every pool"),
});
export type NamedGrant = z.infer<typeof grant>;
const grantList = z.array(grant).max(1000);

/** A group may make its members administrators, too. */
export const groupGrant = grant.extend({ role: z.enum([...roles, "administrator"]) });
export type GroupGrant = z.infer<typeof groupGrant>;

const email = z.union([z.literal(""), z.email("must be an e-mail address").max(254)]);
const fullName = z.string().max(150);
export const user = z.object({
  username,
  administrator: z.boolean(),
  created_at: instant,
  email: z.string(),
  full_name: z.string(),
  is_local: z
    .boolean()
    .describe("false: somebody else says who it is (OpenID Connect, LDAP), there is no password here"),
  last_login_at: instant.nullable(),
  grants: z.array(grant).describe("roles of the user, without those of the groups"),
  groups: z.array(z.string()),
  locked_until: instant.nullable().describe("too many failed attempts to log in: none is looked at until then"),
});
export type User = z.infer<typeof user>;
export const userCreate = z.object({
  username,
  password,
  administrator: z.boolean().default(false),
  email: email.default(""),
  full_name: fullName.default(""),
  grants: grantList.optional().describe("left out: user of every pool"),
});
export const userUpdate = z
  .strictObject({ password, administrator: z.boolean(), email, full_name: fullName, grants: grantList })
  .partial();

const groupName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9@.+_ -]{0,149}$/, "must be 1 to 150 of letters, digits, spaces and @.+-_");
export const group = z.object({
  name: z.string(),
  description: z.string(),
  created_at: instant,
  grants: z.array(groupGrant),
  members: z.int(),
});
export type Group = z.infer<typeof group>;
export const groupDetail = group.extend({ usernames: z.array(z.string()).describe("the first 1000 members") });
export type GroupDetail = z.infer<typeof groupDetail>;
const groupFields = {
  name: groupName,
  description: z.string().max(1000),
  grants: z.array(groupGrant).max(1000),
};
export const groupCreate = z.strictObject({
  name: groupFields.name,
  description: groupFields.description.default(""),
  grants: groupFields.grants.default([]),
});
export const groupUpdate = z.strictObject(groupFields).partial();
export const groupMembers = z.strictObject({
  add: z.array(username).max(1000).default([]),
  remove: z.array(username).max(1000).default([]),
});

export const sessionCreate = z.object({ username, password: z.string().max(1024) });
export const session = z.object({ username, administrator: z.boolean(), csrf_token: z.string(), expires_at: instant });
/** A session as its user sees it among his others. */
export const sessionShown = z.object({
  id: z.int(),
  current: z.boolean(),
  address: z.string().nullable(),
  user_agent: z.string().nullable(),
  provider: z.string().describe("password, or who said who it is: oidc:NAME, ldap:NAME"),
  created_at: instant,
  last_used_at: instant.nullable(),
  expires_at: instant,
});
export type SessionShown = z.infer<typeof sessionShown>;

/** Who asks, and what he may. */
export const self = z.object({
  username: z.string(),
  administrator: z.boolean(),
  read_only: z.boolean().describe("the API key may read only"),
  grants: z.array(grant).describe("those of the groups among them; within the limits of the API key"),
  groups: z.array(z.string()),
  audits: z.boolean().describe("may read what users did"),
});
export type Self = z.infer<typeof self>;

/** An API key in MAAS's form, `consumer:token:secret`; the whole key is shown once, when it is made. */
export const token = z.object({
  id: z.string(),
  name: z.string(),
  created_at: instant,
  last_used_at: instant.nullable(),
  scope: z.enum(["all", "read"]).describe("read: may change nothing"),
  pool: z.string().nullable().describe("for machines of this resource pool only"),
  expires_at: instant.nullable(),
});
export const tokenCreate = z.object({
  name: z.string().min(1).max(100).default("").describe("what it is for, in your words"),
  scope: z.enum(["all", "read"]).default("all").describe("read: it may change nothing"),
  pool: poolName.nullable().default(null).describe("resource pool whose machines alone it is for"),
  expires_at: z.iso
    .datetime({ offset: true, error: "must be a moment such as 2027-01-31T12:00:00Z" })
    .nullable()
    .default(null)
    .describe("worth nothing from then on, such as 2027-01-31T12:00:00Z"),
});
export const tokenCreated = token.extend({ key: z.string() });

/** One line of an authorized_keys file. */
export const sshKeyText = z
  .string()
  .max(16384)
  .transform((text) => text.trim())
  .pipe(
    z
      .string()
      .regex(
        /^(ssh-rsa|ssh-ed25519|ecdsa-sha2-nistp(256|384|521)|sk-(ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com) [A-Za-z0-9+/]+=*( [^\r\n]*)?$/,
        "must be one OpenSSH public key such as 'ssh-ed25519 AAAA… name'",
      ),
  );
export const sshKey = z.object({
  id: z.int(),
  key: z.string(),
  source: z.string().describe("where it was imported from, such as gh:name; empty: given by hand"),
  created_at: instant,
});
export const sshKeyCreate = z.object({ key: sshKeyText });
export const sshKeyImport = z.object({
  from: z
    .string()
    .regex(/^(lp|gh):[A-Za-z0-9][A-Za-z0-9.+_-]{0,63}$/, "must be lp:NAME (Launchpad) or gh:NAME (GitHub)"),
});
