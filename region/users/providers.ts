import {
  type LdapServer,
  type LoginWays,
  type OidcProvider,
  type ldapCreate,
  type ldapUpdate,
  type oidcCreate,
  type oidcUpdate,
  ldapServer,
  oidcProvider,
} from "@rackwright/contract";
import { type Insertable, type Kysely, type Selectable, type Updateable, sql } from "kysely";
import type { z } from "zod";
import { type Database, type Transaction, json } from "../database/pool.ts";
import type { Tables } from "../database/tables.ts";
import type { LdapServersTable, OidcProvidersTable } from "../database/tables/users.ts";
import { InputError, NotFound, StateConflict } from "../errors.ts";
import { type Fields, appendAudit } from "../events/audit.ts";
import { declareList } from "../filter/list.ts";
import { type Asked, listPage } from "../filter/page.ts";
import { type Page, showPage } from "../page.ts";
import { nothingGiven, withdrawRights } from "./withdraw.ts";

type By = { actor: string; now: Date };
type Kind = "oidc" | "ldap";
const titles = { oidc: "OpenID Connect provider", ldap: "LDAP server" } as const;

function toOidc(provider: Selectable<OidcProvidersTable>): OidcProvider {
  const { id: _, client_secret, created_at, ...row } = provider;
  return { ...row, has_secret: client_secret !== null, created_at: created_at.toISOString() };
}

function toLdap(server: Selectable<LdapServersTable>): LdapServer {
  const { id: _, bind_password, created_at, ...row } = server;
  return { ...row, has_password: bind_password !== null, created_at: created_at.toISOString() };
}

const missing = (kind: Kind, name: string) => new NotFound(`There is no ${titles[kind]} ${name}.`);
const taken = (kind: Kind, name: string) => new StateConflict(`There is a ${titles[kind]} ${name} already.`);

export const oidcList = declareList("oidc-providers", oidcProvider, {
  order: ["name"],
  fields: { group_map: null, has_secret: { value: sql`(listed.client_secret is not null)` } },
});

/** One page of OpenID Connect providers, without their secrets; by name unless another order is asked for. @throws InputError */
export async function listOidc(db: Kysely<Tables>, asked: Asked): Promise<Page<OidcProvider>> {
  return showPage(await listPage(db, oidcList, db.selectFrom("oidc_providers").selectAll(), asked), toOidc);
}

/** @throws NotFound */
export async function readOidc(db: Kysely<Tables>, name: string): Promise<OidcProvider> {
  const row = await db.selectFrom("oidc_providers").selectAll().where("name", "=", name).executeTakeFirst();
  if (!row) throw missing("oidc", name);
  return toOidc(row);
}

/** @throws StateConflict when the name is taken, InputError for a group that does not exist */
export async function createOidc(db: Database, wish: z.infer<typeof oidcCreate>, by: By): Promise<OidcProvider> {
  return db.transaction().execute(async (tx) => {
    await requireGroups(tx, wish.group_map);
    const values: Insertable<OidcProvidersTable> = {
      ...wish,
      group_map: json(wish.group_map),
      administrator_groups: wish.administrator_groups,
      created_at: by.now,
    };
    const row = await tx
      .insertInto("oidc_providers")
      .values(values)
      .onConflict((conflict) => conflict.column("name").doNothing())
      .returning("id")
      .executeTakeFirst();
    if (!row) throw taken("oidc", wish.name);
    await audit(tx, "oidc", wish.name, "created", null, wish, by);
    return readOidc(tx, wish.name);
  });
}

/** What is not given stays. @throws NotFound, InputError for a group that does not exist */
export async function updateOidc(
  db: Database,
  name: string,
  change: z.infer<typeof oidcUpdate>,
  by: By,
): Promise<OidcProvider> {
  return db.transaction().execute(async (tx) => {
    const before = await readOidc(tx, name);
    await requireGroups(tx, change.group_map ?? {});
    const { group_map, ...rest } = change;
    const values: Updateable<OidcProvidersTable> = { ...rest, ...(group_map && { group_map: json(group_map) }) };
    if (Object.keys(values).length > 0)
      await tx.updateTable("oidc_providers").set(values).where("name", "=", name).execute();
    const after = await readOidc(tx, name);
    const lost = await withdrawRights(tx, `oidc:${name}`, { before, after });
    const fields = [withSecret(before, "former"), withSecret(after, secretWord(change))] as const;
    await audit(tx, "oidc", name, "updated", ...fields, by, lost);
    return after;
  });
}

export const ldapList = declareList("ldap-servers", ldapServer, {
  order: ["name"],
  fields: { group_map: null, has_password: { value: sql`(listed.bind_password is not null)` } },
});

/** One page of LDAP servers, without their passwords; by name unless another order is asked for. @throws InputError */
export async function listLdap(db: Kysely<Tables>, asked: Asked): Promise<Page<LdapServer>> {
  return showPage(await listPage(db, ldapList, db.selectFrom("ldap_servers").selectAll(), asked), toLdap);
}

/** @throws NotFound */
export async function readLdap(db: Kysely<Tables>, name: string): Promise<LdapServer> {
  const row = await db.selectFrom("ldap_servers").selectAll().where("name", "=", name).executeTakeFirst();
  if (!row) throw missing("ldap", name);
  return toLdap(row);
}

/** Refuses an LDAP server by which nobody can be found. */
function requireFindable({ user_dn, user_base }: Pick<LdapServer, "user_dn" | "user_base">): void {
  if (user_dn === null && user_base === null)
    throw InputError.field("user_base", null, "must say where users are searched for, unless user_dn names them");
}

/** @throws StateConflict when the name is taken, InputError for a group that does not exist */
export async function createLdap(db: Database, wish: z.infer<typeof ldapCreate>, by: By): Promise<LdapServer> {
  requireFindable(wish);
  return db.transaction().execute(async (tx) => {
    await requireGroups(tx, wish.group_map);
    const row = await tx
      .insertInto("ldap_servers")
      .values({ ...wish, group_map: json(wish.group_map), created_at: by.now })
      .onConflict((conflict) => conflict.column("name").doNothing())
      .returning("id")
      .executeTakeFirst();
    if (!row) throw taken("ldap", wish.name);
    await audit(tx, "ldap", wish.name, "created", null, wish, by);
    return readLdap(tx, wish.name);
  });
}

/** What is not given stays. @throws NotFound, InputError for a group that does not exist */
export async function updateLdap(
  db: Database,
  name: string,
  change: z.infer<typeof ldapUpdate>,
  by: By,
): Promise<LdapServer> {
  return db.transaction().execute(async (tx) => {
    const before = await readLdap(tx, name);
    await requireGroups(tx, change.group_map ?? {});
    const { group_map, ...rest } = change;
    const values: Updateable<LdapServersTable> = { ...rest, ...(group_map && { group_map: json(group_map) }) };
    if (Object.keys(values).length > 0)
      await tx.updateTable("ldap_servers").set(values).where("name", "=", name).execute();
    const after = await readLdap(tx, name);
    requireFindable(after);
    const lost = await withdrawRights(tx, `ldap:${name}`, { before, after });
    const fields = [withSecret(before, "former"), withSecret(after, secretWord(change))] as const;
    await audit(tx, "ldap", name, "updated", ...fields, by, lost);
    return after;
  });
}

/**
 * Its users stay without what it gave them, and cannot log in any more; their sessions end, their API keys let nobody in.
 *
 * @throws NotFound
 */
export async function deleteProvider(db: Database, kind: Kind, name: string, by: By): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const before = kind === "oidc" ? await readOidc(tx, name) : await readLdap(tx, name);
    await tx
      .deleteFrom(kind === "oidc" ? "oidc_providers" : "ldap_servers")
      .where("name", "=", name)
      .execute();
    const lost = await withdrawRights(tx, `${kind}:${name}`, { before, after: nothingGiven });
    await tx.deleteFrom("sessions").where("provider", "=", `${kind}:${name}`).execute();
    // A provider made later with this name is another one, and must not bring back keys of this one's users.
    await tx
      .deleteFrom("tokens")
      .where("user_id", "in", (users) =>
        users
          .selectFrom("users")
          .innerJoin("identities", "identities.user_id", "users.id")
          .select("users.id")
          .where("is_local", "=", false)
          .groupBy("users.id")
          .having(sql<boolean>`bool_and(identities.provider = ${`${kind}:${name}`})`),
      )
      .execute();
    await audit(tx, kind, name, "deleted", before, null, by, lost);
  });
}

/** How strangers may log in. */
export async function loginWaysOf(db: Database): Promise<LoginWays> {
  const rows = await db
    .selectFrom("oidc_providers")
    .select(["name", "title"])
    .where("enabled", "=", true)
    .orderBy("name")
    .limit(100)
    .execute();
  const oidc = rows.map(({ name, title }) => ({ name, title: title || name, url: `/api/v1/login/oidc/${name}` }));
  return { password: true, oidc };
}

/** In the audit a secret is told as changed, never what it is. */
const secretWord = (change: object): string =>
  "client_secret" in change || "bind_password" in change ? "new" : "former";
const withSecret = (fields: object, word: string): Fields => ({ ...fields, secret: word });

async function requireGroups(tx: Transaction, map: Record<string, string>): Promise<void> {
  const names = [...new Set(Object.values(map))];
  if (names.length === 0) return;
  const known = await tx.selectFrom("groups").select("name").where("name", "in", names).execute();
  const unknown = names.filter((name) => !known.some((group) => group.name === name));
  if (unknown.length > 0)
    throw InputError.field(
      "group_map",
      unknown.slice(0, 10).join(", "),
      `must lead to groups that exist, which ${unknown.slice(0, 10).join(", ")} ${unknown.length === 1 ? "is" : "are"} not`,
    );
}

function audit(
  tx: Transaction,
  kind: Kind,
  name: string,
  change: string,
  before: object | null,
  after: object | null,
  { actor, now }: By,
  { demoted }: { demoted: string[] } = { demoted: [] },
): Promise<void> {
  const most = 20;
  const more = demoted.length > most ? ` and ${demoted.length - most} more` : "";
  const lost = demoted.length === 0 ? "" : `; no administrators any more: ${demoted.slice(0, most).join(", ")}${more}`;
  return appendAudit(tx, {
    type: "provider.changed",
    at: now,
    actor,
    message: `${actor} ${change} ${titles[kind]} ${name}${lost}`,
    before: before && { ...before },
    after: after && { ...after },
    data: { kind, name, change, ...(demoted.length > 0 && { demoted: demoted.slice(0, 1000) }) },
  });
}
