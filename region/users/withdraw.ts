import { sql } from "kysely";
import type { Transaction } from "../database/pool.ts";

/** What a provider's mapping can give: groups here by their names, and whether it makes administrators. */
export type Given = { group_map: Record<string, string>; administrator_groups: readonly string[] };

/** The mapping of a provider that is gone. */
export const nothingGiven: Given = { group_map: {}, administrator_groups: [] };

/**
 * Takes from users what a part of the provider's mapping that is gone may have given them, in the transaction that changes
 * it: at once, since an API key needs no log-in. Which of the provider's groups somebody is of is not kept, so whoever still
 * gets it by another part has it again from the next log-in on. Returns who is no administrator any more.
 *
 * @param provider `oidc:NAME` or `ldap:NAME`
 */
export async function withdrawRights(
  tx: Transaction,
  provider: string,
  { before, after }: { before: Given; after: Given },
): Promise<{ demoted: string[] }> {
  const gone = before.administrator_groups.some((name) => !after.administrator_groups.includes(name));
  const demoted = gone
    ? await tx
        .updateTable("users")
        .set({ administrator: false })
        .where("administrator", "=", true)
        // While it names groups of administrators, nobody else decides which of its users are.
        .where(sql<boolean>`id in (select user_id from identities where provider = ${provider})`)
        .returning("username")
        .execute()
    : [];
  const groups = Object.entries(before.group_map).flatMap(([theirs, ours]) =>
    Object.hasOwn(after.group_map, theirs) && after.group_map[theirs] === ours ? [] : [ours],
  );
  if (groups.length > 0)
    await tx
      .deleteFrom("group_members")
      .where("source", "=", provider)
      .where("group_id", "in", (found) => found.selectFrom("groups").select("id").where("name", "in", groups))
      .execute();
  return { demoted: demoted.map(({ username }) => username).toSorted() };
}
