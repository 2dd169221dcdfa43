import type { Kysely } from "kysely";
import type { Tables } from "../database/tables.ts";
import { noMatch } from "./common.ts";

export type PowerOf = { type: string | null; parameters: Record<string, string> };

/** How a machine is switched, with the secrets of its BMC: for administrators only. @throws NotFound */
export async function powerOf(db: Kysely<Tables>, id: string): Promise<PowerOf> {
  const found = (await powersOf(db, [id])).get(id);
  if (found === undefined) throw noMatch("Machine");
  return found;
}

/** The same of several machines; those that are not there are left out. */
export async function powersOf(db: Kysely<Tables>, ids: readonly string[]): Promise<Map<string, PowerOf>> {
  const rows = await db
    .selectFrom("machines")
    .select(["id", "power_driver", "power_parameters"])
    .where("id", "in", ["", ...ids])
    .orderBy("created_at")
    .orderBy("id")
    .execute();
  return new Map(
    rows.map(({ id, power_driver, power_parameters }) => [id, { type: power_driver, parameters: power_parameters }]),
  );
}
