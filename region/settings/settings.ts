import type { Kysely } from "kysely";
import { z } from "zod";
import { json } from "../database/pool.ts";
import type { Tables } from "../database/tables.ts";

/** Seconds of a week. */
const longest = 604_800;

const limits = (silence: number, total: number) =>
  z
    .strictObject({
      silence: z.int().min(1).max(86_400).describe("seconds without a sign of life of the machine"),
      total: z.int().min(1).max(longest).describe("seconds altogether"),
    })
    .prefault({ silence, total });

/** How long a status with an end may last before it ends in failure. */
export const deadlines = z
  .strictObject({
    commissioning: limits(20 * 60, 12 * 60 * 60),
    // Whole-night tests and the erasing of big disks; while they run the machine gives signs of life.
    testing: limits(20 * 60, longest),
    deploying: limits(30 * 60, 60 * 60),
    releasing: limits(5 * 60, 5 * 60),
    "disk erasing": limits(20 * 60, longest),
    "entering rescue mode": limits(20 * 60, 30 * 60),
    "exiting rescue mode": limits(5 * 60, 5 * 60),
  })
  .prefault({});
export type Deadlines = z.infer<typeof deadlines>;

/** What a release does to the disks where the operator who asks for it does not say. */
export const release = z
  .strictObject({
    erase: z.boolean().default(false).describe("wipe all disks"),
    secure_erase: z.boolean().default(false).describe("by the disk's own secure erase where it has one"),
    quick_erase: z.boolean().default(false).describe("only the beginning and end of each disk"),
  })
  .prefault({});

const scriptHistory = z
  .int()
  .min(1)
  .max(1000)
  .describe("how many runs of scripts of each type are kept with a machine");

const scriptHistoryOf = z
  .strictObject({
    commissioning: scriptHistory,
    testing: scriptHistory,
    installation: scriptHistory,
    release: scriptHistory,
  })
  .partial()
  .describe("the same for runs of one type only");

/** Layouts that can be applied without asking anybody anything. */
const defaultLayout = z
  .enum(["flat", "lvm", "bcache", "vmfs6", "vmfs7", "blank", "custom"])
  .describe("how the disks of a machine are laid out when it was commissioned");

const sessionLength = z
  .int()
  .min(60)
  .max(2 * longest)
  .describe("seconds after which somebody has to log in again");

const webhookAddresses = z
  .enum(["public", "private"])
  .describe("where webhooks may deliver to: the Internet only, or private networks and this host, too");

/** Everything that can be set while the region runs. */
export const settings = z.strictObject({
  enlist: z
    .enum(["commission", "hold"])
    .default("commission")
    .describe(
      "what happens to a machine seen for the first time: commissioned at once, or held until an operator asks",
    ),
  deadlines,
  release,
  script_history: scriptHistory.default(10),
  session_length: sessionLength.default(604_800),
  script_history_of: scriptHistoryOf.default({}),
  default_storage_layout: defaultLayout.default("flat"),
  webhook_addresses: webhookAddresses.default("public"),
});
export type Settings = z.infer<typeof settings>;
export const settingsUpdate = z
  .strictObject({
    enlist: settings.shape.enlist.unwrap(),
    deadlines: settings.shape.deadlines.unwrap(),
    release: settings.shape.release.unwrap(),
    script_history: scriptHistory,
    session_length: sessionLength,
    script_history_of: scriptHistoryOf,
    default_storage_layout: defaultLayout,
    webhook_addresses: webhookAddresses,
  })
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
