import { execFileSync, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { Agent, get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { endChild, waitFor } from "../dhcp/pair.ts";
import { ask } from "./load.ts";

const port = 15_385;
const origin = `http://127.0.0.1:${port}`;
/** The newest version of the API that Debian's Ironic speaks. */
const headers = { "X-OpenStack-Ironic-API-Version": "1.80" };

export type Ironic = {
  /** What lists 50 nodes of one state, sorted. */
  list: { url: string; headers: Record<string, string> };
  /** Lists every node with all of it, page after page; returns how many there were. */
  all: () => Promise<number>;
  stop: () => Promise<void>;
};

/**
 * OpenStack's bare-metal API with so many nodes, without its Keystone (every request would cost a second one there) and
 * with its database in a file, which is the quickest way it can be run to read.
 */
export async function startIronic(nodes: number): Promise<Ironic> {
  const folder = await mkdtemp(join(tmpdir(), "rw-bench-ironic-"));
  const configuration = join(folder, "ironic.conf");
  const database = join(folder, "ironic.sqlite");
  await writeFile(
    configuration,
    `[DEFAULT]\nauth_strategy = noauth\nlog_file = ${join(folder, "log")}\n[api]\nhost_ip = 127.0.0.1\nport = ${port}\n` +
      `api_workers = 2\n[database]\nconnection = sqlite:///${database}\n`,
  );
  execFileSync("ironic-dbsync", ["--config-file", configuration, "create_schema"], { stdio: "ignore" });
  execFileSync("python3", ["-c", fill, database, String(nodes)], { stdio: "ignore" });
  const child = spawn("ironic-api", ["--config-file", configuration], { stdio: "ignore" });
  await waitFor("Ironic", 60, () => answers(`${origin}/v1/nodes?limit=1`));
  return {
    list: { url: `${origin}/v1/nodes?limit=50&provision_state=active&sort_key=name`, headers },
    all: () => everyNode(),
    async stop() {
      await endChild(child);
      await rm(folder, { recursive: true });
    },
  };
}

const fill = `
import sqlite3, sys, uuid
c = sqlite3.connect(sys.argv[1])
c.executemany("insert into nodes (version, id, uuid, name, power_state, provision_state, properties, driver, driver_info,"
  " instance_info, driver_internal_info, extra, resource_class, maintenance, console_enabled) values"
  " ('1.36', ?, ?, ?, 'power on', ?, '{\\"cpus\\": 8, \\"memory_mb\\": 16384}', 'ipmi', '{}', '{}', '{}', '{}', 'metal', 0, 0)",
  [(n, str(uuid.uuid4()), f"node-{n:06}", "active" if n % 2 else "available") for n in range(1, int(sys.argv[2]) + 1)])
c.commit()
`;

async function answers(url: string): Promise<boolean> {
  const agent = new Agent();
  return ask({ url, headers }, agent).then(
    ({ status }) => status === 200,
    () => false,
  );
}

/** Pages are of a thousand, the most Ironic gives. */
async function everyNode(): Promise<number> {
  let count = 0;
  let next: string | undefined = `${origin}/v1/nodes/detail?limit=1000`;
  while (next !== undefined) {
    const page: { nodes: unknown[]; next?: string } = await readJson(next);
    count += page.nodes.length;
    next = page.next;
  }
  return count;
}

function readJson<T>(url: string): Promise<T> {
  return new Promise((resolve, reject) => {
    get(url, { headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => resolve(JSON.parse(Buffer.concat(chunks).toString()) as T));
    }).on("error", reject);
  });
}
