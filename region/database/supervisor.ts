import { rm, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Log } from "../log.ts";
import { type Account, databaseAccount, firstUnreachable } from "./account.ts";
import { type Binaries, findBinaries } from "./binaries.ts";
import { alive, runningPostmaster, stopPostmaster } from "./postmaster.ts";
import {
  type ServerFolders,
  answers,
  dataVersion,
  ensureDatabase,
  initialise,
  logTail,
  makeFolders,
  serverFolders,
  serverUrl,
  spawnServer,
} from "./server.ts";

export type SupervisorOptions = {
  /** Folder of the private server; made when missing. */
  folder: string;
  /** Folder with `initdb` and `postgres`, when the operator names one. */
  binaries?: string | undefined;
  log: Log;
  /** Told after a server that died has been brought back. */
  onRestart?: (reason: string) => void;
  /** Further server settings. */
  settings?: Record<string, string>;
};

export type PrivateServer = {
  /** URL of the database `rackwright` on it. */
  url: string;
  /** Process id of the server that runs now. */
  pid(): number;
  /** Ends the server with a fast shutdown and waits for it. */
  stop(): Promise<void>;
};

type Running = { pid: number; exited: Promise<string> };

const startPatience = 60_000;

/**
 * Starts a private PostgreSQL and keeps it running: makes the data folder once, takes over a server that an earlier
 * process left behind, starts a new one when it dies. Reached over a Unix socket in a closed folder only.
 *
 * @throws Error in one sentence: programs missing, data of another major version, folder not reachable, start failed
 */
export async function superviseServer(options: SupervisorOptions): Promise<PrivateServer> {
  const folders = serverFolders(resolve(options.folder));
  const account = await databaseAccount(folders.data);
  await makeFolders(folders, account);
  const closed = await firstUnreachable(folders.folder, account);
  if (closed !== null && account)
    throw new Error(
      `PostgreSQL runs as user '${account.name}', who may not pass the folder ${closed}. ` +
        "Choose a state folder that every user can reach, such as /var/lib/rackwright.",
    );
  const programs = await findBinaries({
    configured: options.binaries,
    major: await dataVersion(folders),
    copyTo: join(folders.folder, "programs"),
    account,
  });
  const barred = await firstUnreachable(programs.folder, account);
  if (barred !== null && account)
    throw new Error(
      `PostgreSQL runs as user '${account.name}', who may not pass ${barred} on the way to ${programs.folder}.`,
    );
  await initialise(folders, programs.folder, account, true);
  const start = () => startOrAdopt(folders, programs, account, options);
  const watch = { current: await start(), stopping: false };
  await ensureDatabase(folders, "rackwright");
  const watching = keepRunning(watch, start, options);
  return {
    url: serverUrl(folders, "rackwright"),
    pid: () => watch.current.pid,
    stop: async () => {
      watch.stopping = true;
      await stopPostmaster(watch.current.pid);
      await watching;
    },
  };
}

async function startOrAdopt(
  folders: ServerFolders,
  programs: Binaries,
  account: Account | null,
  { log, settings = {} }: SupervisorOptions,
): Promise<Running> {
  const orphan = await runningPostmaster(folders.data);
  if (orphan !== null) {
    const exited = exitOf(orphan.pid);
    const ours = orphan.program === (await realProgram(programs)) && orphan.socketFolder === folders.sockets;
    if (ours && (await answers(folders, exited, 20_000))) {
      log.info({ pid: orphan.pid }, "took over the PostgreSQL server that an earlier run left");
      return { pid: orphan.pid, exited };
    }
    log.warn({ pid: orphan.pid, program: orphan.program }, "stopping a PostgreSQL server of other programs or sockets");
    await stopPostmaster(orphan.pid);
  } else {
    // The process it names is gone or is another program, which PostgreSQL itself cannot tell apart.
    await rm(join(folders.data, "postmaster.pid"), { force: true });
  }
  const server = await spawnServer(folders, programs.folder, account, settings);
  if (await answers(folders, server.exited, startPatience)) {
    log.info({ pid: server.pid, major: programs.major, folder: folders.data }, "PostgreSQL runs");
    return server;
  }
  if (alive(server.pid)) await stopPostmaster(server.pid);
  throw new Error(
    `PostgreSQL ${programs.major} did not start (${await server.exited}). Its last words in ${folders.log}:\n` +
      (await logTail(folders)),
  );
}

async function realProgram(programs: Binaries): Promise<string> {
  const { realpath } = await import("node:fs/promises");
  return realpath(join(programs.folder, "postgres"));
}

/** The end of a process that is not our child. */
async function exitOf(pid: number): Promise<string> {
  while (alive(pid) && (await stat(`/proc/${pid}`).then(Boolean, () => false))) {
    await sleep(500, undefined, { ref: false });
  }
  return "ended";
}

async function keepRunning(
  watch: { current: Running; stopping: boolean },
  start: () => Promise<Running>,
  { log, onRestart }: SupervisorOptions,
): Promise<void> {
  for (;;) {
    const reason = await watch.current.exited;
    if (watch.stopping) return;
    log.error({ reason }, "PostgreSQL ended by itself, starting it again");
    for (let delay = 100; !watch.stopping; delay = Math.min(delay * 2, 10_000)) {
      await sleep(delay);
      if (watch.stopping) return;
      const next = await start().catch((error: unknown) => {
        log.error({ error: String(error) }, "PostgreSQL could not be started, trying again");
        return null;
      });
      if (next === null) continue;
      watch.current = next;
      onRestart?.(reason);
      break;
    }
    if (watch.stopping) {
      // stop() was asked for while a new server came up.
      await stopPostmaster(watch.current.pid);
      return;
    }
  }
}
