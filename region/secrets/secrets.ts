import type { LogConfig } from "kysely";
import type pg from "pg";
import { type Database, databaseOver } from "../database/pool.ts";
import { SecretBox } from "./box.ts";
import { KeyFile } from "./keys.ts";
import { sealing } from "./plugin.ts";
import { checkKeys, renewCheck, sealRows } from "./rows.ts";

/** The secrets of one database. */
export type Secrets = {
  readonly box: SecretBox;
  /** Makes a new key and seals everything with it. */
  rotate(forgetFormer: boolean): Promise<{ current: string; sealed: number; forgotten: number }>;
};

/**
 * The database with its secrets sealed: whatever is in the clear is sealed now, with a key file made where there is none.
 * The schema must be the newest one.
 *
 * @throws Error when the key file cannot be used, or is another database's
 */
export async function sealedDatabase(
  pool: pg.Pool,
  keyFile: string,
  log?: LogConfig,
): Promise<{ db: Database; secrets: Secrets }> {
  const bare = databaseOver(pool);
  const keys = KeyFile.open(keyFile);
  const box = new SecretBox(keys);
  await checkKeys(bare, box, keyFile);
  await sealRows(bare, box);
  const rotate = async (forgetFormer: boolean) => {
    const current = keys.add();
    const sealed = await sealRows(bare, box);
    await renewCheck(bare, box);
    return { current, sealed, forgotten: forgetFormer ? keys.forgetOthers() : 0 };
  };
  return { db: databaseOver(pool, log, [sealing(box)]), secrets: { box, rotate } };
}
