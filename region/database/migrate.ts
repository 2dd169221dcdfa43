import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { Kysely, PostgresDialect, sql } from "kysely";
import { type Migration, Migrator } from "kysely/migration";
import type pg from "pg";
import { installJobs } from "./jobs.ts";

/** Numbered files of plain SQL, applied once each in the order of their names. A shipped file is never edited. */
export const migrationsFolder = join(import.meta.dirname, "migrations");

async function readMigrations(folder: string): Promise<Record<string, Migration>> {
  const migrations: Record<string, Migration> = {};
  for (const file of (await readdir(folder)).sort()) {
    if (!/^\d{4}_[a-z0-9_]+\.sql$/.test(file)) continue;
    const text = await readFile(join(folder, file), "utf8");
    migrations[file.slice(0, -".sql".length)] = {
      up: async (db) => {
        await sql.raw(text).execute(db);
      },
    };
  }
  return migrations;
}

/**
 * Brings the database to the newest schema, and the job tables with it. Regions started at once take turns by a lock in
 * the database, so one does the work and the others find it done.
 *
 * @throws Error naming the migration that failed; nothing of it is left behind
 */
export async function migrate(pool: pg.Pool, folder: string = migrationsFolder): Promise<void> {
  // Not destroyed: that would end the pool, which is the caller's.
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) });
  const migrator = new Migrator({ db, provider: { getMigrations: () => readMigrations(folder) } });
  const { error, results } = await migrator.migrateToLatest();
  if (error !== undefined) {
    const name = results?.find(({ status }) => status === "Error")?.migrationName;
    throw new Error(`The database could not be brought to the newest schema${name ? ` (migration ${name})` : ""}.`, {
      cause: error,
    });
  }
  await installJobs(pool);
}
