import pg from "pg";

/** Locks of this process that the database lets go the moment the process is gone, however it went. */
export type SessionLocks = {
  /** Takes the lock named by the text if nobody has it. */
  tryLock(name: string): Promise<boolean>;
  unlock(name: string): Promise<void>;
  close(): Promise<void>;
};

/** One connection that holds session advisory locks; a new one is made when it breaks (its locks are lost then). */
export function openLocks(url: string): SessionLocks {
  let client: Promise<pg.Client> | null = null;
  const connected = async (): Promise<pg.Client> => {
    client ??= (async () => {
      const next = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000, keepAlive: true });
      next.on("error", () => (client = null));
      next.on("end", () => (client = null));
      await next.connect();
      return next;
    })();
    try {
      return await client;
    } catch (error) {
      client = null;
      throw error;
    }
  };
  // One query at a time: a client takes no overlapping ones.
  let turn: Promise<unknown> = Promise.resolve();
  const ask = (sql: string, name: string): Promise<boolean> => {
    const asked = turn.then(async () => {
      const { rows } = await (await connected()).query<{ done: boolean }>(sql, [name]);
      return rows[0]?.done === true;
    });
    turn = asked.catch(() => {});
    return asked;
  };
  return {
    tryLock: (name) => ask("select pg_try_advisory_lock(hashtextextended($1, 0)) as done", name),
    unlock: async (name) => void (await ask("select pg_advisory_unlock(hashtextextended($1, 0)) as done", name)),
    close: async () => {
      await turn;
      const last = await client?.catch(() => null);
      await last?.end();
    },
  };
}
