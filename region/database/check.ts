import type pg from "pg";
import { RegionError } from "../errors.ts";

/** The oldest PostgreSQL that is supported, as its major version. */
const oldest = 15;

/** The operator's own PostgreSQL cannot be used as it was named. Nothing changes by trying again. */
export class DatabaseUnusable extends RegionError {
  readonly status = 400;
  readonly title = "Bad Request";
  constructor(message: string, next: string, cause?: unknown) {
    super(message, { code: "database-unusable", next, cause });
  }
}

/** Server, database and user of a URL in words, without its password. */
function wordsOf(url: string): { where: string; database: string; user: string } {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const host = parsed?.searchParams.get("host") ?? parsed?.host ?? "";
  return {
    where: `PostgreSQL at ${host === "" ? "its default address" : host}`,
    database: decodeURIComponent(parsed?.pathname.slice(1) ?? ""),
    user: decodeURIComponent(parsed?.searchParams.get("user") ?? parsed?.username ?? ""),
  };
}

/**
 * Looks whether the database can be used: it is there, lets us in, is new enough and lets us make schemas and tables.
 *
 * @throws DatabaseUnusable saying which of these fails and what to do; Error when the server does not answer now
 */
export async function checkDatabase(pool: pg.Pool, url: string): Promise<void> {
  const { where, database, user } = wordsOf(url);
  const facts = await pool
    .query<{ version: number; schemas: boolean; tables: boolean; database: string; user: string }>(
      `select current_setting('server_version_num')::int / 10000 as version,
              current_database() as database, current_user as user,
              has_database_privilege(current_database(), 'create') as schemas,
              has_schema_privilege('public', 'create') as tables`,
    )
    .then(
      ({ rows }) => rows[0],
      (error: unknown) => {
        throw refusalOf(error, where, database, user);
      },
    );
  if (facts === undefined) return;
  if (facts.version < oldest)
    throw new DatabaseUnusable(
      `${where} is version ${facts.version}; ${oldest} or newer is needed.`,
      "Upgrade it, or leave --database away and let Rackwright run a private one.",
    );
  if (!facts.schemas || !facts.tables)
    throw new DatabaseUnusable(
      `User ${facts.user} may not make ${facts.schemas ? "tables" : "schemas"} in the database ${facts.database} of ${where}.`,
      `Make the user its owner: alter database "${facts.database}" owner to "${facts.user}".`,
    );
}

/** What PostgreSQL's error codes (its documentation, appendix A) mean for who named the database. */
function refusalOf(error: unknown, where: string, database: string, user: string): Error {
  const { code = "", message = String(error) } = error as { code?: string; message?: string };
  if (code.startsWith("28"))
    return new DatabaseUnusable(
      `${where} does not let ${user === "" ? "us" : `user ${user}`} in: ${message}.`,
      "Check user and password of --database (characters such as @ : / are written as %40 %3A %2F) and the server's pg_hba.conf.",
      error,
    );
  if (code === "3D000")
    return new DatabaseUnusable(
      `${where} has no database ${database === "" ? "of that name" : database}.`,
      `Make it: create database "${database}" owner "${user}".`,
      error,
    );
  if (/SASL|client password must be a string/.test(message))
    return new DatabaseUnusable(
      `${where} asks for a password, and none was given.`,
      "Give it in --database, or in a file that PGPASSFILE names.",
      error,
    );
  if (/\bSSL\b|certificate/i.test(message))
    return new DatabaseUnusable(
      `${where} cannot be spoken to over TLS: ${message}.`,
      "Check sslmode and sslrootcert in --database against what the server offers.",
      error,
    );
  return new Error(`${where} does not answer: ${message === "" ? code : message}.`, { cause: error });
}
