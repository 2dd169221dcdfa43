import type { Database } from "../database/pool.ts";
import { appendAudit } from "../events/audit.ts";
import { type Settings, readSettings, writeSettings } from "./settings.ts";
import { type StoredName, readStored, writeStored } from "./stored.ts";

export type By = { actor: string; now: Date };

/** Changes the settings named; the others stay. Returns all of them. */
export async function changeSettings(db: Database, update: Partial<Settings>, { actor, now }: By): Promise<Settings> {
  return db.transaction().execute(async (tx) => {
    const before = await readSettings(tx);
    await writeSettings(tx, update);
    const after = await readSettings(tx);
    await appendAudit(tx, {
      type: "setting.changed",
      at: now,
      actor,
      message: `${actor} changed settings: ${Object.keys(update).join(", ") || "none"}`,
      before,
      after,
    });
    return after;
  });
}

/** Changes a setting that is kept under MAAS's name. @throws InputError */
export async function changeStored(db: Database, name: StoredName, text: string, { actor, now }: By): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const before = await readStored(tx, name);
    const after = await writeStored(tx, name, text);
    await appendAudit(tx, {
      type: "setting.changed",
      at: now,
      actor,
      message: `${actor} changed settings: ${name}`,
      before: { [name]: before },
      after: { [name]: after },
    });
  });
}
