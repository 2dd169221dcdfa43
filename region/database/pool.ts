import type { Kysely, KyselyPlugin, LogConfig, Transaction as KyselyTransaction } from "kysely";
import pg from "pg";
import { PreparingClient } from "./prepare.ts";
import type { Tables } from "./tables.ts";
import { RegionDatabase } from "./together.ts";

export type Database = Kysely<Tables>;
export type Transaction = KyselyTransaction<Tables>;

/** int8 as number: identities and counters of this schema stay far below 2^53. Everything else as the driver does. */
class ColumnTypes extends pg.TypeOverrides {
  constructor() {
    super();
    this.setTypeParser(pg.types.builtins.INT8, Number);
  }
}

export type PoolOptions = {
  /** `postgresql://…`, or `postgresql:///name?host=/folder` for a Unix socket. */
  url: string;
  /** Connections at most. */
  size?: number;
  /** Told when an idle connection breaks, as on a restart of the server; the pool makes a new one by itself. */
  onError?: (error: Error) => void;
  /** Told of every query, for tests that count them. */
  log?: LogConfig;
};

/** A connection pool that outlives restarts of the server. */
export function openPool({ url, size = 20, onError = () => {} }: PoolOptions): pg.Pool {
  const pool = new pg.Pool({
    Client: PreparingClient,
    connectionString: url,
    max: size,
    types: new ColumnTypes(),
    application_name: "rackwright",
    connectionTimeoutMillis: 10_000,
    idleTimeoutMillis: 30_000,
    statement_timeout: 60_000,
    // Compiling a plan takes longer than any of our statements, and no disk of today is four times slower at random
    // places; "options" in the URL would replace this.
    options: "-c jit=off -c random_page_cost=1.1",
  });
  const tell = (error: Error) => {
    // While the pool closes, its last connections may meet the end of the server.
    if (!pool.ending) onError(error);
  };
  pool.on("error", tell);
  // A client that breaks while it is checked out tells only its own listener.
  pool.on("connect", (client) => client.on("error", tell));
  return pool;
}

/** The region's database: typed queries over a pool. `destroy()` closes the pool. */
export function openDatabase(options: PoolOptions): Database {
  return databaseOver(openPool(options), options.log);
}

/** Typed queries over a pool that something else uses too. `destroy()` closes the pool. */
export function databaseOver(pool: pg.Pool, log?: LogConfig, plugins?: KyselyPlugin[]): Database {
  return new RegionDatabase(pool, log, plugins);
}

/** Text for a jsonb column, made storable as `storable()` does. */
export function json(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => {
    if (typeof part === "string") return storable(part);
    if (typeof part !== "object" || part === null || Array.isArray(part)) return part;
    return Object.fromEntries(Object.entries(part).map(([name, inner]) => [storable(name), inner]));
  });
}

/** PostgreSQL stores neither NUL nor half a surrogate pair, and a stranger may well send one: both become U+FFFD. */
export function storable(text: string): string {
  return text.replaceAll("\0", "\uFFFD").toWellFormed();
}
