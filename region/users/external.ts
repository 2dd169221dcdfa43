import { username as usernameRule } from "@rackwright/contract";
import type { Database, Transaction } from "../database/pool.ts";
import { Denied } from "../errors.ts";
import { appendAudit } from "../events/audit.ts";
import { noPassword } from "./password.ts";
import { insertUser, isReserved } from "./users.ts";

/** What a provider says of somebody who has proved to it who he is. */
export type External = {
  /** `oidc:NAME` or `ldap:NAME`. */
  provider: string;
  /** Who it is to the provider, for ever. */
  subject: string;
  /** The name the user shall have here. */
  username: string;
  email: string;
  fullName: string;
  /** The provider's names of the user's groups. */
  groups: readonly string[];
};

/** What the provider's groups mean here. */
type Mapping = { group_map: Record<string, string>; administrator_groups: readonly string[] };

/**
 * The user of somebody a provider vouches for, made at the first log-in. Groups that the provider gives or no longer gives
 * are changed with it; those an administrator gave stay.
 *
 * @throws Denied when the name is not one a user may have, or belongs to somebody else here, or the provider is gone
 */
export async function enterExternal(db: Database, who: External, now: Date): Promise<number> {
  return db.transaction().execute(async (tx) => {
    const mapping = await mappingOf(tx, who.provider);
    const id = (await known(tx, who)) ?? (await firstTime(tx, who, now));
    await setAdministrator(tx, id, who, mapping, now);
    await setMemberships(tx, id, who, mapping, now);
    const { email, fullName: full_name } = who;
    if (email !== "") await tx.updateTable("users").set({ email }).where("id", "=", id).execute();
    if (full_name !== "") await tx.updateTable("users").set({ full_name }).where("id", "=", id).execute();
    return id;
  });
}

/** What the provider's groups mean at this moment. Asking the provider took a while: held until the user has its rights. */
async function mappingOf(tx: Transaction, provider: string): Promise<Mapping> {
  const [kind = "", name = ""] = provider.split(":");
  const row = await tx
    .selectFrom(kind === "oidc" ? "oidc_providers" : "ldap_servers")
    .select(["group_map", "administrator_groups"])
    .where("name", "=", name)
    .where("enabled", "=", true)
    .forShare()
    .executeTakeFirst();
  if (!row) throw new Denied(`Nobody logs in by ${provider} any more.`);
  return row;
}

async function known(tx: Transaction, { provider, subject }: External): Promise<number | undefined> {
  const row = await tx
    .selectFrom("identities")
    .select("user_id")
    .where("provider", "=", provider)
    .where("subject", "=", subject)
    .executeTakeFirst();
  return row?.user_id;
}

async function firstTime(tx: Transaction, who: External, now: Date): Promise<number> {
  const { provider, subject, username } = who;
  if (!usernameRule.safeParse(username).success || isReserved(username))
    throw new Denied(
      `${provider} names you '${username.slice(0, 150)}', which cannot be the name of a user here.`,
      403,
      {
        next: "Ask an administrator to have another claim or attribute give the name.",
      },
    );
  const made = await insertUser(
    tx,
    { username, password_hash: noPassword, administrator: false, is_local: false },
    now,
  );
  // Never joined with a user of the same name: a provider could then make itself anybody.
  if (made === null)
    throw new Denied(`There is a user ${username} here already, who is not the one ${provider} knows.`, 403, {
      next: "Ask an administrator to give that user another name, or delete him.",
    });
  await tx.insertInto("identities").values({ provider, subject, user_id: made.id, created_at: now }).execute();
  await appendAudit(tx, {
    type: "user.changed",
    at: now,
    actor: username,
    message: `${username} came in by ${provider} for the first time`,
    after: { username, provider, subject },
    data: { username, change: "created" },
  });
  return made.id;
}

async function setAdministrator(
  tx: Transaction,
  id: number,
  { provider, username, groups }: External,
  { administrator_groups }: Mapping,
  now: Date,
): Promise<void> {
  // Then it says nothing of administrators; those it made are none since the list was emptied (withdraw.ts).
  if (administrator_groups.length === 0) return;
  const administrator = groups.some((name) => administrator_groups.includes(name));
  const { numUpdatedRows } = await tx
    .updateTable("users")
    .set({ administrator })
    .where("id", "=", id)
    .where("administrator", "<>", administrator)
    .executeTakeFirst();
  if (numUpdatedRows === 0n) return;
  await appendAudit(tx, {
    type: "user.changed",
    at: now,
    actor: username,
    message: `${username} is ${administrator ? "an administrator" : "no administrator any more"}, says ${provider}`,
    before: { administrator: !administrator },
    after: { administrator },
    data: { username, change: "updated" },
  });
}

async function setMemberships(
  tx: Transaction,
  id: number,
  { provider, username, groups }: External,
  { group_map }: Mapping,
  now: Date,
): Promise<void> {
  const names = [...new Set(groups.flatMap((name) => (Object.hasOwn(group_map, name) ? (group_map[name] ?? []) : [])))];
  const wanted =
    names.length === 0 ? [] : await tx.selectFrom("groups").select(["id", "name"]).where("name", "in", names).execute();
  const given = await tx
    .selectFrom("group_members")
    .innerJoin("groups", "groups.id", "group_members.group_id")
    .select(["groups.id", "name", "source"])
    .where("user_id", "=", id)
    .execute();
  const gone = given.filter(({ id: group, source }) => source === provider && !wanted.some((one) => one.id === group));
  const fresh = wanted.filter((one) => !given.some((group) => group.id === one.id));
  if (gone.length + fresh.length === 0) return;
  if (gone.length > 0)
    await tx
      .deleteFrom("group_members")
      .where("user_id", "=", id)
      .where(
        "group_id",
        "in",
        gone.map((group) => group.id),
      )
      .execute();
  if (fresh.length > 0)
    await tx
      .insertInto("group_members")
      .values(fresh.map((group) => ({ group_id: group.id, user_id: id, source: provider })))
      .execute();
  await appendAudit(tx, {
    type: "group.changed",
    at: now,
    actor: username,
    message: `${provider} says of which groups ${username} is`,
    before: { groups: given.map(({ name }) => name) },
    after: { groups: [...given.filter((group) => !gone.includes(group)), ...fresh].map(({ name }) => name) },
    data: { username, change: "members" },
  });
}
