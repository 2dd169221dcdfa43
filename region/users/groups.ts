import {
  type Group,
  type GroupDetail,
  type groupCreate,
  type groupMembers,
  type groupUpdate,
  group as groupSchema,
} from "@rackwright/contract";
import { type Kysely, sql } from "kysely";
import type { z } from "zod";
import type { Database, Transaction } from "../database/pool.ts";
import type { Tables } from "../database/tables.ts";
import { InputError, NotFound, StateConflict } from "../errors.ts";
import { appendAudit } from "../events/audit.ts";
import { declareList } from "../filter/list.ts";
import { type Asked, listPage } from "../filter/page.ts";
import { type Page, showPage } from "../page.ts";
import { grantedRoles, namedGrants, setGrants } from "./grants.ts";

type By = { actor: string; now: Date };
/** Members told with a group. */
const mostTold = 1000;

function groups(db: Kysely<Tables>) {
  return db
    .selectFrom("groups")
    .select(["id", "name", "description", "created_at"])
    .select([
      namedGrants(sql`grants.group_id = groups.id`).as("grants"),
      sql<number>`(select count(*) from group_members where group_id = groups.id)`.as("members"),
    ]);
}
type Row = Awaited<ReturnType<ReturnType<typeof groups>["executeTakeFirstOrThrow"]>>;
const toGroup = (row: Row): Group & { id: number } => ({ ...row, created_at: row.created_at.toISOString() });

export const groupList = declareList("groups", groupSchema, {
  order: ["name"],
  fields: {
    members: { computed: true },
    grants: { rows: grantedRoles, computed: true, meaning: "roles its members have by it" },
  },
});

/** One page of groups, filtered and sorted as asked for; else in the order of their names. @throws InputError */
export async function listGroups(db: Kysely<Tables>, asked: Asked): Promise<Page<Group & { id: number }>> {
  return showPage(await listPage(db, groupList, groups(db), asked), toGroup);
}

/** Every group by its name, for those who name them by ids. */
export async function everyGroup(
  db: Kysely<Tables>,
): Promise<Pick<Group & { id: number }, "id" | "name" | "description">[]> {
  return db.selectFrom("groups").select(["id", "name", "description"]).orderBy("name").execute();
}

/** The name of the group with this id; null where there is none. */
export async function groupName(db: Kysely<Tables>, id: number): Promise<string | null> {
  const row = await db.selectFrom("groups").select("name").where("id", "=", id).executeTakeFirst();
  return row?.name ?? null;
}

/** One group with its members. @throws NotFound */
export async function readGroup(db: Kysely<Tables>, name: string): Promise<GroupDetail & { id: number }> {
  const row = await groups(db)
    .select(
      sql<string[]>`array(select username from users join group_members on user_id = users.id
        where group_id = groups.id order by username limit ${mostTold})`.as("usernames"),
    )
    .where("name", "=", name)
    .executeTakeFirst();
  if (!row) throw new NotFound(`There is no group ${name}.`, { next: "GET /api/v1/groups lists them." });
  return { ...toGroup(row), usernames: row.usernames };
}

const told = ({ name, description, grants }: Group) => ({ name, description, grants });

/** @throws StateConflict when the name is taken, InputError for a pool that does not exist */
export async function createGroup(
  db: Database,
  { name, description, grants }: z.infer<typeof groupCreate>,
  { actor, now }: By,
): Promise<GroupDetail & { id: number }> {
  return db.transaction().execute(async (tx) => {
    const row = await tx
      .insertInto("groups")
      .values({ name, description, created_at: now })
      .onConflict((conflict) => conflict.column("name").doNothing())
      .returning("id")
      .executeTakeFirst();
    if (!row) throw taken(name);
    await setGrants(tx, { group_id: row.id }, grants);
    const made = await readGroup(tx, name);
    await audit(tx, { actor, now }, `${actor} created group ${name}`, name, "created", null, told(made));
    return made;
  });
}

const taken = (name: string) =>
  new StateConflict(`There is a group ${name} already.`, { next: "Choose another name, or change that group." });

/** @throws NotFound, StateConflict when the new name is taken, InputError for a pool that does not exist */
export async function updateGroup(
  db: Database,
  name: string,
  change: z.infer<typeof groupUpdate>,
  { actor, now }: By,
): Promise<GroupDetail & { id: number }> {
  return db.transaction().execute(async (tx) => {
    const before = await readGroup(tx, name);
    const { name: newName = name, description = before.description, grants } = change;
    const other = await tx.selectFrom("groups").select("id").where("name", "=", newName).executeTakeFirst();
    if (other && other.id !== before.id) throw taken(newName);
    await tx.updateTable("groups").set({ name: newName, description }).where("id", "=", before.id).execute();
    if (grants !== undefined) await setGrants(tx, { group_id: before.id }, grants);
    const after = await readGroup(tx, newName);
    const words = Object.keys(change).join(", ") || "nothing";
    await audit(
      tx,
      { actor, now },
      `${actor} changed ${words} of group ${name}`,
      name,
      "updated",
      told(before),
      told(after),
    );
    return after;
  });
}

/** @throws NotFound */
export async function deleteGroup(db: Database, name: string, { actor, now }: By): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const group = await readGroup(tx, name);
    await tx.deleteFrom("groups").where("id", "=", group.id).execute();
    const before = { ...told(group), usernames: group.usernames };
    await audit(tx, { actor, now }, `${actor} deleted group ${name}`, name, "deleted", before, null);
  });
}

/**
 * Takes users into a group, or out of it.
 *
 * @throws NotFound for the group, InputError for users that do not exist
 */
export async function changeMembers(
  db: Database,
  name: string,
  { add, remove }: z.infer<typeof groupMembers>,
  { actor, now }: By,
): Promise<GroupDetail & { id: number }> {
  return db.transaction().execute(async (tx) => {
    const before = await readGroup(tx, name);
    const wanted = [...new Set([...add, ...remove])];
    const found =
      wanted.length === 0
        ? []
        : await tx.selectFrom("users").select(["id", "username"]).where("username", "in", wanted).execute();
    const ids = new Map(found.map(({ id, username }) => [username, id]));
    const unknown = wanted.filter((username) => !ids.has(username));
    if (unknown.length > 0)
      throw InputError.field(
        add.includes(unknown[0] ?? "") ? "add" : "remove",
        unknown.slice(0, 10).join(", "),
        `must name users that exist, which ${unknown.slice(0, 10).join(", ")} ${unknown.length === 1 ? "is" : "are"} not`,
      );
    const idsOf = (names: readonly string[]) => names.flatMap((username) => ids.get(username) ?? []);
    if (remove.length > 0)
      await tx
        .deleteFrom("group_members")
        .where("group_id", "=", before.id)
        .where("user_id", "in", idsOf(remove))
        .execute();
    if (add.length > 0)
      await tx
        .insertInto("group_members")
        .values(idsOf(add).map((user_id) => ({ group_id: before.id, user_id, source: null })))
        // Whom an administrator names stays, whatever a provider says later.
        .onConflict((conflict) => conflict.columns(["group_id", "user_id"]).doUpdateSet({ source: null }))
        .execute();
    const after = await readGroup(tx, name);
    const words = [
      ...(add.length > 0 ? [`took ${add.slice(0, 10).join(", ")} into`] : []),
      ...(remove.length > 0 ? [`took ${remove.slice(0, 10).join(", ")} out of`] : []),
    ].join(" and ");
    await audit(
      tx,
      { actor, now },
      `${actor} ${words || "changed nobody of"} group ${name}`,
      name,
      "members",
      { usernames: before.usernames },
      { usernames: after.usernames },
    );
    return after;
  });
}

function audit(
  tx: Transaction,
  { actor, now }: By,
  message: string,
  name: string,
  change: string,
  before: object | null,
  after: object | null,
): Promise<void> {
  const states = { before: before && { ...before }, after: after && { ...after } };
  return appendAudit(tx, { type: "group.changed", at: now, actor, message, ...states, data: { name, change } });
}
