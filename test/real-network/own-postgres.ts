import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chown, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { databaseAccount } from "../../region/database/account.ts";
import { findBinaries } from "../../region/database/binaries.ts";
import { openPool } from "../../region/database/pool.ts";

const run = promisify(execFile);

/** A PostgreSQL as an operator runs one: over TCP, with passwords, started by somebody else than Rackwright. */
export interface OwnPostgres extends AsyncDisposable {
  readonly port: number;
  /** Runs SQL as the server's administrator. */
  sql(statement: string): Promise<string>;
}

/** Starts it on 127.0.0.1 of a network namespace; answers when it does. */
export async function startOwnPostgres(namespace: string, port: number): Promise<OwnPostgres> {
  const folder = await mkdtemp(join(tmpdir(), "rw-own-pg-"));
  const data = join(folder, "data");
  const account = await databaseAccount(data);
  const identity = account === null ? {} : { uid: account.uid, gid: account.gid };
  if (account) await chown(folder, account.uid, account.gid);
  const programs = await findBinaries({ account, copyTo: join(folder, "programs") });
  const password = join(folder, "password");
  await writeFile(password, "Admins-own\n");
  if (account) await chown(password, account.uid, account.gid);
  const made = ["-D", data, "-U", "admin", "--auth-host=scram-sha-256", "--auth-local=trust", "--no-sync"];
  await run(join(programs.folder, "initdb"), [...made, `--pwfile=${password}`], { ...identity, cwd: folder });
  const settings = [`port=${port}`, "listen_addresses=127.0.0.1", `unix_socket_directories=${folder}`, "fsync=off"];
  const server = spawn(
    "ip",
    [
      ["netns", "exec", namespace],
      ["setpriv", ...(account ? [`--reuid=${account.uid}`, `--regid=${account.gid}`, "--clear-groups"] : []), "--"],
      [join(programs.folder, "postgres"), "-D", data, ...settings.flatMap((each) => ["-c", each])],
    ].flat(),
    { cwd: folder, stdio: "ignore" },
  );
  const url = `postgresql:///postgres?host=${encodeURIComponent(folder)}&port=${port}&user=admin`;
  const sql = async (statement: string): Promise<string> => {
    const pool = openPool({ url, size: 1 });
    try {
      return JSON.stringify((await pool.query(statement)).rows);
    } finally {
      await pool.end();
    }
  };
  for (const end = Date.now() + 60_000; ;) {
    const answer = await sql("select 1").catch((error: unknown) => error);
    if (typeof answer === "string") break;
    if (Date.now() > end || server.exitCode !== null) throw new Error("PostgreSQL does not answer", { cause: answer });
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    port,
    sql,
    [Symbol.asyncDispose]: async () => {
      if (server.exitCode === null && server.signalCode === null) {
        const ended = once(server, "exit");
        server.kill("SIGINT");
        await ended;
      }
      await rm(folder, { recursive: true, force: true });
    },
  };
}
