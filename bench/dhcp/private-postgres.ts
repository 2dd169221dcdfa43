import { execFileSync, spawn, type ExecFileSyncOptions } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, readdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { endChild, waitFor } from "./pair.ts";

/** A PostgreSQL server of its own, reached by a Unix socket only, with the settings it is installed with. */
export interface PrivatePostgres {
  /** The folder of the socket: what `host` is in a connection. */
  host: string;
  user: string;
  run: (program: string, ...args: string[]) => string;
  stop: () => Promise<void>;
}

/** Starts a server under a temporary folder as the Unix user postgres (Debian's package makes it). */
export async function startPostgres(): Promise<PrivatePostgres> {
  const versions = readdirSync("/usr/lib/postgresql").toSorted((a, b) => Number(b) - Number(a));
  const bin = `/usr/lib/postgresql/${versions[0]}/bin`;
  const number = (flag: string): number => Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" }));
  const identity = { uid: number("-u"), gid: number("-g") };
  const folder = mkdtempSync(join(tmpdir(), "rw-bench-pg-"));
  chownSync(folder, identity.uid, identity.gid);
  const data = join(folder, "data");
  const options: ExecFileSyncOptions = { ...identity, cwd: folder, stdio: ["ignore", "pipe", "pipe"] };
  execFileSync(`${bin}/initdb`, ["-D", data, "-A", "trust", "-U", "postgres", "--no-locale", "-E", "UTF8"], options);
  const settings = ["-D", data, "-k", folder, "-c", "listen_addresses="];
  const child = spawn(`${bin}/postgres`, settings, { ...identity, cwd: folder, stdio: "ignore" });
  const run = (program: string, ...args: string[]): string =>
    execFileSync(existsSync(`${bin}/${program}`) ? `${bin}/${program}` : program, args, {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, PGHOST: folder, PGUSER: "postgres" },
    });
  await waitFor("PostgreSQL", 20, () => {
    try {
      run("pg_isready", "-q");
      return true;
    } catch {
      return false;
    }
  });
  return {
    host: folder,
    user: "postgres",
    run,
    async stop() {
      await endChild(child, "SIGINT");
      await rm(folder, { recursive: true });
    },
  };
}
