import { tmpdir } from "node:os";
import { type Clock, systemClock } from "../clock.ts";
import { openNotifications } from "../database/listen.ts";
import { type TestDatabase, testDatabase } from "../database/testing.ts";
import { followEvents } from "../events/tail.ts";
import { ImageSync } from "../images/index.ts";
import { type Log, noLog } from "../log.ts";
import { registerApi } from "./api.ts";
import { type App, buildApp } from "./app.ts";

export type TestApi = {
  app: App;
  database: TestDatabase;
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
}: {
  local: boolean | (() => boolean);
  clock?: Clock;
}): Promise<TestApi> {
  const database = await testDatabase();
  const defects: object[] = [];
  const log: Log = { ...noLog, error: (fields) => void defects.push(fields) };
  const notifications = openNotifications({ url: database.url, log: noLog });
  const tail = await followEvents({ db: database.db, notifications, log: noLog });
  const stopping = new AbortController();
  const app = buildApp({ log });
  registerApi(app, {
    db: database.db,
    clock,
    tail,
    images: new ImageSync({ db: database.db, clock, log: noLog, store: tmpdir() }),
    racks: { connections: () => [] },
    version: "0.0.0",
    log,
    signal: stopping.signal,
    isLocalOperator: () => (typeof local === "boolean" ? local : local()),
  });
  await app.ready();
  return {
    app,
    database,
    defects,
    close: async () => {
      stopping.abort();
      await app.close();
      await tail.close();
      await notifications.close();
      await database.close();
    },
  };
}
