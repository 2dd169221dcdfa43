import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Clock, systemClock } from "../clock.ts";
import { openNotifications } from "../database/listen.ts";
import type { LogConfig } from "kysely";
import type { Database } from "../database/pool.ts";
import { type TestDatabase, testDatabase } from "../database/testing.ts";
import { followEvents } from "../events/tail.ts";
import { ImageSync } from "../images/index.ts";
import { type Log, noLog } from "../log.ts";
import type { KeySources } from "../users/key-import.ts";
import { sealedDatabase } from "../secrets/secrets.ts";
import { registerApi } from "./api.ts";
import { type App, buildApp } from "./app.ts";

export type TestApi = {
  app: App;
  database: TestDatabase;
  /** The database as the API uses it, with its secrets sealed. */
  db: Database;
  /** What the app logged as its own defects. */ defects: object[];
  close(): Promise<void>;
};

/**
 * The whole API on a test database, to be asked with `app.inject`. With `local` every request is the local operator's, or
 * while it says so.
 */
export async function testApi({
  local,
  clock = systemClock,
  keySources,
  queries,
}: {
  local: boolean | (() => boolean);
  clock?: Clock;
  keySources?: KeySources;
  /** Told of every query of the API. */
  queries?: LogConfig;
}): Promise<TestApi> {
  const database = await testDatabase();
  const folder = await mkdtemp(join(tmpdir(), "rackwright-api-"));
  const { db, secrets } = await sealedDatabase(database.pool, join(folder, "secrets.key"), queries);
  const store = await mkdtemp(join(tmpdir(), "rackwright-images-"));
  const defects: object[] = [];
  const log: Log = { ...noLog, error: (fields) => void defects.push(fields) };
  const notifications = openNotifications({ url: database.url, log: noLog });
  const tail = await followEvents({ db: database.db, notifications, log: noLog });
  const stopping = new AbortController();
  const app = buildApp({ log });
  registerApi(app, {
    db,
    secrets,
    clock,
    tail,
    images: new ImageSync({ db: database.db, clock, log: noLog, store }),
    racks: { connections: () => [] },
    version: "0.0.0",
    log,
    signal: stopping.signal,
    ...(keySources && { keySources }),
    isLocalOperator: () => (typeof local === "boolean" ? local : local()),
  });
  await app.ready();
  return {
    app,
    database,
    db,
    defects,
    close: async () => {
      stopping.abort();
      await app.close();
      await tail.close();
      await notifications.close();
      await database.close();
      await rm(folder, { recursive: true });
      await rm(store, { recursive: true, force: true });
    },
  };
}
