import type { Kysely } from "kysely";
import { z } from "zod";
import { json } from "../database/pool.ts";
import type { Tables } from "../database/tables.ts";

const limits = (silence: number, total: number) =>
  z
    .strictObject({
      silence: z.int().min(1).max(86_400).describe("seconds without a sign of life of the machine"),
      total: z.int().min(1).max(604_800).describe("seconds altogether"),
    })
    .prefault({ silence, total });

/** How long a status with an end may last before it ends in failure. */
export const deadlines = z
  .strictObject({
    commissioning: limits(20 * 60, 30 * 60),
    deploying: limits(30 * 60, 60 * 60),
    releasing: limits(5 * 60, 5 * 60),
  })
  .prefault({});
export type Deadlines = z.infer<typeof deadlines>;

/** Everything that can be set while the region runs. */
export const settings = z.strictObject({
  enlist: z
    .enum(["commission", "hold"])
    .default("commission")
    .describe(
      "what happens to a machine seen for the first time: commissioned at once, or held until an operator asks",
    ),
  deadlines,
});
export type Settings = z.infer<typeof settings>;
export const settingsUpdate = z
  .strictObject({ enlist: settings.shape.enlist.unwrap(), deadlines: settings.shape.deadlines.unwrap() })
  .partial();

/** All settings; what was never set has its default. */
export async function readSettings(db: Kysely<Tables>): Promise<Settings> {
  const rows = await db.selectFrom("settings").select(["name", "value"]).execute();
  const stored = rows.filter(({ name }) => name in settings.shape).map(({ name, value }) => [name, value] as const);
  return settings.parse(Object.fromEntries(stored));
}

/** Stores the settings named in `update`; the others stay. */
export async function writeSettings(db: Kysely<Tables>, update: Partial<Settings>): Promise<void> {
  for (const [name, value] of Object.entries(update)) {
    if (value === undefined) continue;
    await db
      .insertInto("settings")
      .values({ name, value: json(value) })
      .onConflict((conflict) => conflict.column("name").doUpdateSet({ value: json(value) }))
      .execute();
  }
}
