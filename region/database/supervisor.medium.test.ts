import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { noLog } from "../log.ts";
import { firstUnreachable, parsePasswd } from "./account.ts";
import { findBinaries } from "./binaries.ts";
import { openPool } from "./pool.ts";
import { alive, parsePostmasterFile, runningPostmaster, stopPostmaster } from "./postmaster.ts";
import { superviseServer } from "./supervisor.ts";

let home: string;
before(async () => {
  home = await mkdtemp(join(tmpdir(), "rackwright-supervisor-"));
  // Others must be able to pass: the server runs as another user when we are root.
  await import("node:fs/promises").then(({ chmod }) => chmod(home, 0o755));
});
after(() => rm(home, { recursive: true, force: true }));

async function ask(url: string, query: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => {});
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(query)).rows;
  } finally {
    await client.end();
  }
}

test("a new server is private: own socket in a closed folder, no network, checksums; it ends when told", async () => {
  const folder = join(home, "private");
  const server = await superviseServer({ folder, log: noLog });
  assert.equal((await stat(join(folder, "run"))).mode & 0o777, 0o700);
  assert.deepEqual(
    await ask(
      server.url,
      "select current_setting('listen_addresses') as listen, current_setting('data_checksums') as checksums, current_setting('fsync') as fsync, datcollate from pg_database where datname = current_database()",
    ),
    [{ listen: "", checksums: "on", fsync: "on", datcollate: "C.UTF-8" }],
  );
  const pid = server.pid();
  await server.stop();
  assert.equal(alive(pid), false);
});

test("a server that is killed comes back, rows and pool survive, and the cause is told", async () => {
  const reasons: string[] = [];
  const server = await superviseServer({
    folder: join(home, "killed"),
    log: noLog,
    onRestart: (reason) => reasons.push(reason),
  });
  const broken: Error[] = [];
  const pool = openPool({ url: server.url, onError: (error) => broken.push(error) });
  await pool.query("create table kept (n int); insert into kept values (7)");
  const before = server.pid();
  process.kill(before, "SIGKILL");
  for (const end = performance.now() + 15_000; reasons.length === 0 && performance.now() < end;) await sleep(50);
  assert.deepEqual(reasons, ["signal SIGKILL"]);
  assert.notEqual(server.pid(), before);
  let rows: unknown[] = [];
  for (const end = performance.now() + 15_000; rows.length === 0 && performance.now() < end; await sleep(50))
    rows = await pool.query<{ n: number }>("select n from kept").then(
      (result) => result.rows,
      () => [],
    );
  assert.deepEqual(rows, [{ n: 7 }]);
  await pool.end();
  await server.stop();
});

const program = `
  import { superviseServer } from ${JSON.stringify(join(import.meta.dirname, "supervisor.ts"))};
  const log = { info() {}, warn() {}, error() {} };
  const server = await superviseServer({ folder: process.argv[1], log });
  process.stdout.write(server.pid() + "\\n");
  setInterval(() => {}, 1000);
`;

/** Starts a server whose supervisor is killed then. Returns the server's process id. */
async function orphanIn(folder: string): Promise<number> {
  const first = spawn(process.execPath, ["--input-type=module-typescript", "-e", program, folder], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const line = await new Promise<Buffer>((resolve) => first.stdout.once("data", resolve));
  first.kill("SIGKILL");
  await new Promise((resolve) => first.once("exit", resolve));
  return Number(line.toString());
}

test("a server whose supervisor was killed is taken over by the next one", async () => {
  const folder = join(home, "orphan");
  const pid = await orphanIn(folder);
  assert.equal(alive(pid), true);
  const second = await superviseServer({ folder, log: noLog });
  assert.equal(second.pid(), pid);
  assert.deepEqual(await ask(second.url, "select 1 as one"), [{ one: 1 }]);
  // It watches a server that is not its child just as well.
  process.kill(pid, "SIGKILL");
  for (const end = performance.now() + 15_000; second.pid() === pid && performance.now() < end;) await sleep(50);
  assert.notEqual(second.pid(), pid);
  await second.stop();
});

test("an orphan with other sockets is stopped, and a stale file of a foreign process is not believed", async () => {
  const folder = join(home, "stale");
  const old = await orphanIn(folder);
  const file = join(folder, "data/postmaster.pid");
  const text = await readFile(file, "utf8");
  await writeFile(file, text.replace(join(folder, "run"), "/elsewhere"));
  assert.equal((await runningPostmaster(join(folder, "data")))?.socketFolder, "/elsewhere");
  const second = await superviseServer({ folder, log: noLog });
  assert.notEqual(second.pid(), old);
  assert.equal(alive(old), false);
  await second.stop();
  await writeFile(file, text.replace(/^\d+/, String(process.pid)));
  assert.equal(await runningPostmaster(join(folder, "data")), null);
  const third = await superviseServer({ folder, log: noLog });
  await third.stop();
});

test("what cannot work is told in one sentence", async () => {
  const folder = join(home, "wrong");
  await mkdir(join(folder, "data"), { recursive: true });
  await writeFile(join(folder, "data/PG_VERSION"), "11\n");
  await assert.rejects(
    superviseServer({ folder, log: noLog }),
    /made by PostgreSQL 11, whose programs were not found.*postgresql-11/,
  );
  await assert.rejects(
    superviseServer({ folder: join(home, "x"), binaries: home, log: noLog }),
    /has no programs 'initdb' and 'postgres'/,
  );
  await assert.rejects(
    superviseServer({ folder: join(home, "y".repeat(90)), log: noLog }),
    /a Unix socket may have 107/,
  );
});

test("the programs from npm are completed with their links where they can be reached, and run", async () => {
  const copyTo = join(home, "programs");
  const [account = null] =
    process.getuid?.() === 0
      ? parsePasswd(await readFile("/etc/passwd", "utf8")).filter(({ name }) => name === "nobody")
      : [];
  const found = await findBinaries({ copyTo, account, systemFolder: join(home, "nothing") });
  assert.ok(found.major >= 18);
  assert.equal(await firstUnreachable(found.folder, account), null);
  const server = await superviseServer({ folder: join(home, "npm"), binaries: found.folder, log: noLog });
  assert.match(
    String((await ask(server.url, "select version() as v")).map((row) => Object.values(row as object))),
    /PostgreSQL 18/,
  );
  await server.stop();
  await stopPostmaster(server.pid());
});

test("postmaster.pid of a starting, a running and a broken server", () => {
  assert.deepEqual(parsePostmasterFile("12\n/data\n1700000000\n5432\n/run\n\n 1 2\nready   \n"), {
    pid: 12,
    dataFolder: "/data",
    port: 5432,
    socketFolder: "/run",
    status: "ready",
  });
  assert.deepEqual(parsePostmasterFile("12\n")?.socketFolder, "");
  for (const text of ["", "x\n", "0\n", "\n\n", "99999999999999\n"]) assert.equal(parsePostmasterFile(text), null);
});
