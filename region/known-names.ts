import { nearest } from "@rackwright/contract";
import type { Kysely } from "kysely";
import type { Tables } from "./database/tables.ts";

/** Names that are looked over for the nearest one. */
const most = 1000;
const listed = 10;

/** What to name instead of names that do not exist: the nearest one, else those there are, where they are few. */
export async function knownNames(
  db: Kysely<Tables>,
  table: "zones" | "pools" | "tags",
  unknown: readonly string[],
): Promise<string> {
  const rows = await db.selectFrom(table).select("name").orderBy("name").limit(most).execute();
  const names = rows.map(({ name }) => name);
  const near = unknown.map((name) => nearest(name, names)).find((name) => name !== undefined);
  if (near !== undefined) return `did you mean ${near}?`;
  if (names.length === 0) return "there are none yet";
  return names.length <= listed
    ? `there ${names.length === 1 ? "is" : "are"} ${names.join(", ")}`
    : `see /api/v1/${table}`;
}
