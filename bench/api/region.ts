import { spawn } from "node:child_process";
import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { apiClient, lean } from "@rackwright/cli";
import { z } from "zod";
import { endChild, waitFor } from "../dhcp/pair.ts";
import { startPostgres } from "../dhcp/private-postgres.ts";
import { type Fleet, seedSql } from "./seed.ts";

const port = 15_240;

export type BenchRegion = {
  origin: string;
  /** Headers of an administrator's requests: to `/api/v1`, and to the MAAS API. */
  headers: { v1: Record<string, string>; maas: Record<string, string> };
  pid: number;
  stop: () => Promise<void>;
};

/** A region on a PostgreSQL server of its own, with Debian's settings, full of machines. */
export async function startFullRegion(fleet: Fleet): Promise<BenchRegion> {
  await using ends = new AsyncDisposableStack();
  const state = await mkdtemp(join(tmpdir(), "rw-bench-api-"));
  ends.defer(() => rm(state, { recursive: true, force: true }));
  await chmod(state, 0o711);
  const postgres = await startPostgres();
  ends.defer(() => postgres.stop());
  postgres.run("createdb", "rackwright");
  const program = join(import.meta.dirname, "../../region/main.ts");
  const flags = ["--state", state, "--images", join(state, "images"), "--port", String(port), "--listen", "127.0.0.1"];
  const url = `postgresql://${postgres.user}@/rackwright?host=${encodeURIComponent(postgres.host)}`;
  const argv = [process.execPath, "--disable-warning=ExperimentalWarning", program, ...flags];
  // As it is started where it serves.
  const [command = "", ...rest] = lean("region", { cache: join(state, "cache") }, argv);
  const child = spawn(command, rest, {
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, RACKWRIGHT_DATABASE: url },
  });
  ends.defer(() => endChild(child));
  const client = apiClient({ socket: join(state, "admin.sock") });
  const answers = () =>
    client.get("/api/v1/status", any).then(
      () => true,
      () => false,
    );
  await waitFor("the region", 60, answers);
  postgres.run("psql", "-q", "-v", "ON_ERROR_STOP=1", "-d", "rackwright", ...statements(seedSql(fleet)));
  // Nothing was heard meanwhile, not even that the region has closed the connection.
  await waitFor("the region with its machines", 60, answers);
  // It looks at what changed, and at machines whose power was never asked for; a site of years has that behind it.
  await waitFor("the region to rest", 120, () => rests(child.pid ?? 0));
  await client.send(
    "POST",
    "/api/v1/users",
    { username: "bench", password: "bench-bench-bench", administrator: true },
    any,
  );
  const { key } = await client.send(
    "POST",
    "/api/v1/users/bench/tokens",
    { name: "bench" },
    z.looseObject({ key: z.string() }),
  );
  const [consumer = "", token = "", secret = ""] = key.split(":");
  const started = ends.move();
  return {
    origin: `http://127.0.0.1:${port}`,
    headers: { v1: { authorization: `Bearer ${key}` }, maas: { authorization: oauth(consumer, token, secret) } },
    pid: child.pid ?? 0,
    stop: () => started.disposeAsync(),
  };
}

const any = z.looseObject({});

/** Whether a process works less than a tenth of three seconds. */
async function rests(pid: number): Promise<boolean> {
  const before = await processorTicks(pid);
  await sleep(3000);
  return (await processorTicks(pid)) - before < 30;
}

/** Hundredths of a second a process has worked (proc(5): utime and stime of stat). */
async function processorTicks(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  const [user, system] = stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .slice(11, 13);
  return Number(user) + Number(system);
}

/** Each statement as a command of its own: `vacuum` runs in no transaction. */
function statements(sql: string): string[] {
  return sql
    .split(/;\s*$/m)
    .map((text) => text.trim())
    .filter((text) => text !== "")
    .flatMap((text) => ["-c", text]);
}

/** As python-oauthlib writes it. */
function oauth(consumer: string, token: string, secret: string): string {
  return (
    `OAuth oauth_version="1.0", oauth_signature_method="PLAINTEXT", oauth_consumer_key="${consumer}", ` +
    `oauth_token="${token}", oauth_signature="%26${secret}", oauth_timestamp="1", oauth_nonce="1"`
  );
}
