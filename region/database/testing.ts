import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type LogConfig, sql } from "kysely";
import pg from "pg";
import { databaseAccount } from "./account.ts";
import { findBinaries } from "./binaries.ts";
import { migrate } from "./migrate.ts";
import { type Database, databaseOver, openPool } from "./pool.ts";
import {
  type ServerFolders,
  answers,
  ensureDatabase,
  initialise,
  logTail,
  makeFolders,
  serverFolders,
  serverUrl,
  spawnServer,
} from "./server.ts";

const template = "template_region";

export type TestDatabase = { db: Database; pool: pg.Pool; url: string; close: () => Promise<void> };

/**
 * An empty database of the newest schema on a real PostgreSQL, for one test file: `const { db, close } = await
 * testDatabase(); after(close);`. One server is shared by all files of a run of `node --test` and ends with it; each
 * call clones a template.
 */
export async function testDatabase({ log }: { log?: LogConfig } = {}): Promise<TestDatabase> {
  const { url, drop } = await emptyDatabase(template);
  const pool = openPool({ url, size: 10 });
  const db = databaseOver(pool, log);
  return {
    db,
    pool,
    url,
    close: async () => {
      await db.destroy();
      await drop();
    },
  };
}

/** A database on the shared server that is a copy of `from`; `template0` is one without any table. */
export async function emptyDatabase(from = "template0"): Promise<{ url: string; drop: () => Promise<void> }> {
  const folders = await sharedServer();
  const name = `test_${randomBytes(6).toString("hex")}`;
  await administer(folders, `create database ${name} template ${from}`);
  return {
    url: serverUrl(folders, name),
    drop: () => administer(folders, `drop database if exists ${name} with (force)`),
  };
}

async function administer(folders: ServerFolders, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: serverUrl(folders, "postgres") });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

/** The server of this test run: the first file that asks starts it, the others wait for it. */
async function sharedServer(): Promise<ServerFolders> {
  // A file run by `node --test` is a child of the runner; a file run by itself is its own runner.
  const owner = process.env["NODE_TEST_CONTEXT"]?.startsWith("child") ? process.ppid : process.pid;
  const folder = join(tmpdir(), `rackwright-test-${process.getuid?.() ?? 0}-${owner}`);
  const folders = serverFolders(folder);
  const ready = join(folder, "ready");
  const first = await mkdir(folder, { mode: 0o755 }).then(
    () => true,
    () => false,
  );
  if (first) {
    const outcome = await startShared(folders, owner).then(
      () => "ok",
      (error: unknown) => String(error),
    );
    await writeFile(ready, outcome);
  }
  for (let waited = 0; ; waited += 50) {
    const outcome = await readFile(ready, "utf8").catch(() => "");
    if (outcome === "ok") return folders;
    if (outcome !== "") throw new Error(`The PostgreSQL server for tests did not start: ${outcome}`);
    if (waited > 120_000)
      throw new Error(`The PostgreSQL server for tests in ${folder} is not ready after two minutes.`);
    await sleep(50);
  }
}

/** Resolves once a statement of this database waits for a lock. @throws Error when none does within half a minute */
export async function somebodyWaits(db: Database): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    const { rows } = await sql`select from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`.execute(db);
    if (rows.length > 0) return;
    await sleep(50);
  }
  throw new Error("nobody waits for a lock");
}

async function startShared(folders: ServerFolders, owner: number): Promise<void> {
  const account = await databaseAccount(folders.data);
  await makeFolders(folders, account);
  const programs = await findBinaries({ account, copyTo: join(folders.folder, "programs") });
  await initialise(folders, programs.folder, account, false);
  const server = await spawnServer(folders, programs.folder, account, {
    fsync: "off",
    full_page_writes: "off",
    synchronous_commit: "off",
    max_connections: "400",
  });
  endWith(owner, server.pid, folders.folder);
  if (!(await answers(folders, server.exited, 60_000))) throw new Error(await logTail(folders));
  server.unref();
  await ensureDatabase(folders, template);
  const pool = openPool({ url: serverUrl(folders, template) });
  await migrate(pool);
  await pool.end();
}

/** Ends the server and removes its folder when the test runner is gone, however it went. */
function endWith(owner: number, server: number, folder: string): void {
  const script =
    'while kill -0 "$1" 2>/dev/null && kill -0 "$2" 2>/dev/null; do sleep 1; done; ' +
    'kill -QUIT "$2" 2>/dev/null; sleep 1; rm -rf "$3"';
  const argv = ["-c", script, "sh", String(owner), String(server), folder];
  spawn("/bin/sh", argv, { stdio: "ignore", detached: true }).unref();
}
