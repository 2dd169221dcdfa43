import { sql } from "kysely";
import { type Database, json } from "../database/pool.ts";
import { secretSettings, secretText } from "../settings/stored.ts";
import type { SecretBox } from "./box.ts";
import { type Shape, openValue, sealFields, sealValue, sealedColumns, secretSetting } from "./columns.ts";

/** Rows looked at in one transaction. */
const batch = 500;

/**
 * Seals with the current key whatever is not: rows from before there was a key, written by SQL of one's own, or sealed with
 * a former key. `db` must be one without the plugin. Returns the number of values sealed. May run while regions serve:
 * rows are locked bit by bit, and a row written meanwhile stays as it was written.
 */
export async function sealRows(db: Database, box: SecretBox): Promise<number> {
  let sealed = 0;
  for (const [table, columns] of Object.entries(sealedColumns))
    for (const [column, shape] of Object.entries(columns))
      sealed += shape === "setting" ? await sealSettings(db, box) : await sealColumn(db, box, { table, column, shape });
  return sealed;
}

type Column = { table: string; column: string; shape: Shape };

async function sealColumn(db: Database, box: SecretBox, { table, column, shape }: Column): Promise<number> {
  const [name, target] = [sql.table(table), sql.ref(column)];
  const text = shape === "bytes" ? sql`encode(${target}, 'escape')` : sql`${target}::text`;
  let sealed = 0;
  for (let last: string | number | null = null; ;) {
    const { rows }: { rows: { id: string | number; value: unknown }[] } = await db.transaction().execute(async (tx) => {
      const page = await sql<{ id: string | number; value: unknown }>`select id, ${target} as value from ${name}
        where ${last === null ? sql`true` : sql`id > ${last}`} and ${text} not in ('', '{}')
          and position(${`rw1.${box.current}.`} in ${text}) = 0
        order by id limit ${batch} for update`.execute(tx);
      for (const { id, value } of page.rows) {
        const plain = openValue(box, column, value);
        const written = sealValue(box, column, shape, shape === "fields" ? JSON.stringify(plain) : plain);
        if (shape === "fields" && written === JSON.stringify(value)) continue;
        await sql`update ${name} set ${target} = ${written} where id = ${id}`.execute(tx);
        sealed++;
      }
      return page;
    });
    if (rows.length < batch) return sealed;
    last = rows.at(-1)?.id ?? null;
  }
}

/** The few settings that are secret, also those that were written before they were sealed. */
async function sealSettings(db: Database, box: SecretBox): Promise<number> {
  return db.transaction().execute(async (tx) => {
    const rows = await tx
      .selectFrom("settings")
      .select(["name", "value"])
      .where("name", "in", secretSettings)
      .forUpdate()
      .execute();
    let sealed = 0;
    for (const { name, value } of rows) {
      if (typeof value !== "string" && secretText(value)?.startsWith(`rw1.${box.current}.`)) continue;
      const secret = secretText(typeof value === "string" ? value : openValue(box, secretSetting, value));
      if (secret === null || secret === "") continue;
      const written = json(sealFields(box, secretSetting, { secret }));
      await tx.updateTable("settings").set({ value: written }).where("name", "=", name).execute();
      sealed++;
    }
    return sealed;
  });
}

const checkName = "secrets_check";
const checkWord = "Rackwright";

/**
 * Whether the key file belongs to this database: a word sealed in its settings opens with it, or is put there now.
 *
 * @throws Error when it does not
 */
export async function checkKeys(db: Database, box: SecretBox, file: string): Promise<void> {
  const sealed = JSON.stringify(box.seal(Buffer.from(checkWord), checkName));
  await db
    .insertInto("settings")
    .values({ name: checkName, value: sealed })
    .onConflict((conflict) => conflict.column("name").doNothing())
    .execute();
  const { value } = await db
    .selectFrom("settings")
    .select("value")
    .where("name", "=", checkName)
    .executeTakeFirstOrThrow();
  try {
    if (box.open(String(value), checkName).toString() === checkWord) return;
  } catch {
    // Told below.
  }
  throw new Error(
    `The secrets in this database were sealed with other keys than those in ${file}. ` +
      `Bring back the key file that belongs to the database (--secrets-key names it).`,
  );
}

/** Seals the word of `checkKeys` with the current key. */
export async function renewCheck(db: Database, box: SecretBox): Promise<void> {
  const value = JSON.stringify(box.seal(Buffer.from(checkWord), checkName));
  await db.updateTable("settings").set({ value }).where("name", "=", checkName).execute();
}
