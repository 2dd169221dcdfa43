import { spawn } from "node:child_process";
import { chmod, chown, mkdir, open, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import type { Account } from "./account.ts";

/** The longest path of a Unix socket Linux takes (unix(7)), without the closing zero. */
const socketPathLimit = 107;

/** Folders of one private server, all below `folder`. */
export type ServerFolders = { folder: string; data: string; sockets: string; log: string };

export function serverFolders(folder: string): ServerFolders {
  return { folder, data: join(folder, "data"), sockets: join(folder, "run"), log: join(folder, "postgres.log") };
}

/** URL of a database on the private server. Its folder is the only key: nobody else can open the socket. */
export function serverUrl(folders: ServerFolders, database: string): string {
  return `postgresql:///${database}?host=${encodeURIComponent(folders.sockets)}&user=rackwright`;
}

/** Major version an existing data folder was made with, undefined where there is none yet. */
export async function dataVersion(folders: ServerFolders): Promise<number | undefined> {
  const text = await readFile(join(folders.data, "PG_VERSION"), "utf8").catch(() => null);
  return text === null ? undefined : Number.parseInt(text, 10);
}

/** Makes the folders, owned by the account, closed to everybody else. */
export async function makeFolders(folders: ServerFolders, account: Account | null): Promise<void> {
  const socket = join(folders.sockets, ".s.PGSQL.5432");
  if (Buffer.byteLength(socket) > socketPathLimit)
    throw new Error(
      `The path ${socket} has ${Buffer.byteLength(socket)} bytes, but a Unix socket may have ${socketPathLimit}. ` +
        "Choose a state folder with a shorter path.",
    );
  await mkdir(folders.folder, { recursive: true, mode: 0o755 });
  await mkdir(folders.sockets, { recursive: true, mode: 0o700 });
  await chmod(folders.sockets, 0o700);
  if (account) await chown(folders.sockets, account.uid, account.gid);
}

async function run(program: string, argv: string[], account: Account | null, folder: string): Promise<void> {
  const child = spawn(program, argv, {
    cwd: folder,
    env: { PATH: "/usr/bin:/bin", LC_ALL: "C.UTF-8", TZ: "UTC" },
    stdio: ["ignore", "pipe", "pipe"],
    ...(account && { uid: account.uid, gid: account.gid }),
  });
  let output = "";
  const collect = (chunk: Buffer) => void (output = (output + chunk.toString()).slice(-4000));
  child.stdout.on("data", collect);
  child.stderr.on("data", collect);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  if (code !== 0) throw new Error(`${program} failed (exit ${code}):\n${output.trim()}`);
}

/** Makes the data folder once. A run that was killed half-way leaves nothing behind that counts. */
export async function initialise(
  folders: ServerFolders,
  programs: string,
  account: Account | null,
  durable: boolean,
): Promise<void> {
  const exists = await stat(folders.data).then(Boolean, () => false);
  if (exists) return;
  const fresh = `${folders.data}.new`;
  await rm(fresh, { recursive: true, force: true });
  await mkdir(fresh, { mode: 0o700 });
  if (account) await chown(fresh, account.uid, account.gid);
  const argv = ["-D", fresh, "-U", "rackwright", "--auth-local=trust", "--auth-host=reject", "--encoding=UTF8"];
  argv.push("--locale=C.UTF-8", "--data-checksums", ...(durable ? [] : ["--no-sync"]));
  await run(join(programs, "initdb"), argv, account, folders.folder);
  await rename(fresh, folders.data);
}

/** Starts `postgres` and returns at once; its messages go to the log file, which outlives us as the server does. */
export async function spawnServer(
  folders: ServerFolders,
  programs: string,
  account: Account | null,
  settings: Record<string, string>,
): Promise<{ pid: number; exited: Promise<string>; unref: () => void }> {
  const large = await stat(folders.log).then(
    ({ size }) => size > 10_000_000,
    () => false,
  );
  const log = await open(folders.log, large ? "w" : "a", 0o600);
  const all: Record<string, string> = {
    listen_addresses: "",
    unix_socket_directories: folders.sockets,
    unix_socket_permissions: "0700",
    port: "5432",
    max_connections: "100",
    shared_buffers: "64MB",
    timezone: "UTC",
    log_timezone: "UTC",
    logging_collector: "off",
    log_destination: "stderr",
    ...settings,
  };
  const argv = ["-D", folders.data, ...Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`])];
  const child = spawn(join(programs, "postgres"), argv, {
    cwd: folders.folder,
    env: { PATH: "/usr/bin:/bin", LC_ALL: "C.UTF-8", TZ: "UTC" },
    stdio: ["ignore", log.fd, log.fd],
    // Its own process group: a terminal's ^C reaches us, and we end the server when we are done with it.
    detached: true,
    ...(account && { uid: account.uid, gid: account.gid }),
  });
  const exited = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => resolve(signal ? `signal ${signal}` : `exit ${code}`));
  });
  await log.close();
  if (child.pid === undefined) throw new Error(`${join(programs, "postgres")} could not be started: ${await exited}`);
  return { pid: child.pid, exited, unref: () => child.unref() };
}

/** Last lines of the server's log, as evidence. */
export async function logTail(folders: ServerFolders, lines = 10): Promise<string> {
  const text = await readFile(folders.log, "utf8").catch(() => "");
  return text.trimEnd().split("\n").slice(-lines).join("\n");
}

/** Resolves true as soon as the server answers a query, false when it ended or `patience` milliseconds went by. */
export async function answers(folders: ServerFolders, exited: Promise<unknown>, patience: number): Promise<boolean> {
  const ended = new AbortController();
  void exited.then(() => ended.abort());
  for (const end = performance.now() + patience; performance.now() < end && !ended.signal.aborted; await sleep(20)) {
    const client = new pg.Client({
      connectionString: serverUrl(folders, "postgres"),
      connectionTimeoutMillis: 2000,
      query_timeout: 2000,
    });
    client.on("error", () => {});
    try {
      await client.connect();
      await client.query("select 1");
      return true;
    } catch {
      // Not yet: the socket is missing or recovery goes on.
    } finally {
      await client.end().catch(() => {});
    }
  }
  return false;
}

/** Creates the database when it is not there; two at once is fine. */
export async function ensureDatabase(folders: ServerFolders, name: string): Promise<void> {
  const client = new pg.Client({ connectionString: serverUrl(folders, "postgres") });
  client.on("error", () => {});
  await client.connect();
  try {
    const { rowCount } = await client.query("select from pg_database where datname = $1", [name]);
    if (rowCount === 0) await client.query(`create database ${client.escapeIdentifier(name)}`);
  } catch (error) {
    const code = (error as { code?: string }).code;
    if (code !== "42P04" && code !== "23505") throw error;
  } finally {
    await client.end();
  }
}
