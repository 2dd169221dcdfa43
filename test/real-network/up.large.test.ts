import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import test from "node:test";
import { promisify } from "node:util";
import { writeSmallImages } from "../wrong/images.ts";
import { startOwnPostgres } from "./own-postgres.ts";

const run = promisify(execFile);
const main = join(dirname(dirname(import.meta.dirname)), "cli", "main.ts");
const quiet = "--disable-warning=ExperimentalWarning";
const password = "Pass/w@rd:1";

/** What dhclient tells its script of the lease it gets. It stays in the foreground, so that it ends with us. */
async function lease(namespace: string, script: string, folder: string): Promise<string> {
  for (const old of [`${script}.env`, join(folder, "leases")]) await rm(old, { force: true });
  const files = ["-lf", join(folder, "leases"), "-pf", join(folder, "pid"), "-sf", script];
  const client = spawn("ip", ["netns", "exec", namespace, "dhclient", "-d", "-1", ...files, "eth0"], {
    stdio: "ignore",
  });
  const ended = once(client, "exit");
  try {
    for (const end = Date.now() + 60_000; ;) {
      const told = await readFile(`${script}.env`, "utf8").catch(() => null);
      if (told !== null) return told;
      if (client.exitCode !== null || Date.now() > end) throw new Error("dhclient got no lease");
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  } finally {
    client.kill();
    await ended;
  }
}

const ip = (...argv: string[]): Promise<unknown> => run("ip", argv);

/** What `docs/how-to/serve-a-real-network.md` says, on a cable between two hosts: ours with eth1, and a server's eth0. */
await test("up serves a network from an interface with an address, on the operator's PostgreSQL", async (t) => {
  await using stack = new AsyncDisposableStack();
  const [host, server] = [`rw-real-${process.pid}-a`, `rw-real-${process.pid}-b`];
  for (const namespace of [host, server]) {
    await ip("netns", "add", namespace);
    stack.defer(async () => void (await ip("netns", "delete", namespace)));
    await ip("-n", namespace, "link", "set", "lo", "up");
  }
  await ip("-n", host, "link", "add", "eth1", "type", "veth", "peer", "name", "eth0", "netns", server);
  await ip("-n", host, "address", "add", "10.0.0.1/24", "dev", "eth1");
  await ip("-n", host, "link", "set", "eth1", "up");
  await ip("-n", server, "link", "set", "eth0", "up");

  const folder = await mkdtemp(join(tmpdir(), "rw-real-"));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  await chmod(folder, 0o711);
  const state = join(folder, "state");
  await writeSmallImages(join(folder, "cache", "images"));
  const postgres = stack.use(await startOwnPostgres(host, 15_432));
  await postgres.sql(`create role rackwright login password '${password}'`);
  await postgres.sql("create database rackwright owner rackwright");
  const url = (word: string): string =>
    `postgresql://rackwright:${encodeURIComponent(word)}@127.0.0.1:${postgres.port}/rackwright`;

  const rackwright = (database: string, ...argv: string[]) => {
    const env = { ...process.env, RACKWRIGHT_CACHE: join(folder, "cache"), RACKWRIGHT_STATE: state };
    const words = ["netns", "exec", host, process.execPath, quiet, main, ...argv];
    const child = spawn("ip", words, { env: { ...env, RACKWRIGHT_DATABASE: database } });
    const said = { output: "", error: "" };
    child.stdout.setEncoding("utf8").on("data", (text: string) => void (said.output += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => void (said.error += text));
    return { child, said, ended: once(child, "close").then(([code]) => Number(code)) };
  };
  const serve = [
    "up",
    "--interface",
    "eth1",
    "--dhcp",
    "10.0.0.0/24=10.0.0.100-10.0.0.200",
    "--port",
    "15290",
    "--json",
  ];

  await t.test("what cannot be served is told at once, and what to do", async () => {
    const wrong = rackwright(url("not it"), ...serve);
    assert.equal(await wrong.ended, 2);
    assert.match(wrong.said.error, /does not let user rackwright in: .*\n +Check user and password of --database/);
    const missing = rackwright(url(password), "up", "--interface", "eth7");
    assert.equal(await missing.ended, 2);
    assert.match(missing.said.error, /eth7: there is no such interface\.\n +This host has eth1, lo\./);
  });

  const up = rackwright(url(password), ...serve);
  stack.defer(async () => {
    up.child.kill("SIGTERM");
    assert.equal(await up.ended, 0, up.said.error);
  });
  await Promise.race([once(up.child.stdout, "data"), up.ended]);
  assert.equal(up.said.output, '{"url":"http://localhost:15290/"}\n', up.said.error);

  const show = join(folder, "show");
  const keep = '[ "$1" = bound ] && ip address replace "$ip/24" dev eth0 && echo "$ip $subnet $boot_file $siaddr"';
  await writeFile(show, `#!/bin/sh\n${keep}\nexit 0\n`, { mode: 0o755 });
  const inServer = async (...argv: string[]): Promise<string> =>
    (await run("ip", ["netns", "exec", server, ...argv])).stdout.trim();

  await t.test("a server's firmware gets an address and the boot file, and can read it", async () => {
    const firmware = ["-V", "PXEClient:Arch:00007:UNDI:003016", "-x", "0x5d:0007"];
    const bound = await inServer("busybox", "udhcpc", "-i", "eth0", "-n", "-q", "-f", "-s", show, ...firmware);
    assert.match(bound, /^10\.0\.0\.1\d\d 255\.255\.255\.0 bootx64\.efi 10\.0\.0\.1$/);
    assert.equal(await inServer("curl", "-sS", "tftp://10.0.0.1/bootx64.efi"), "shim");
  });

  await t.test("dhclient gets the same address, and with a gateway set the way out of the network", async () => {
    const subnets = rackwright("", "events", "--type", "dhcp", "--json");
    assert.equal(await subnets.ended, 0, subnets.said.error);
    assert.match(subnets.said.output, /"type":"dhcp\.ack"/);
    const api = async (...argv: string[]): Promise<string> => {
      const socket = ["--unix-socket", join(state, "region", "admin.sock"), "-H", "content-type: application/json"];
      return (await run("curl", ["-sS", "--fail-with-body", ...socket, ...argv])).stdout;
    };
    const listed = await api("http://region/api/v1/subnets");
    const [, id] = /"id":(\d+),"cidr":"10\.0\.0\.0\/24"/.exec(listed) ?? [];
    assert.ok(id, listed);
    await api("-X", "PATCH", "-d", '{"gateway":"10.0.0.254"}', `http://region/api/v1/subnets/${id}`);
    const script = join(folder, "told");
    await writeFile(
      script,
      `#!/bin/sh\n[ "$reason" = BOUND ] && env >${script}.part && mv ${script}.part ${script}.env\nexit 0\n`,
      { mode: 0o755 },
    );
    for (let tries = 0; ; tries++) {
      const told = await lease(server, script, folder);
      assert.match(told, /^new_ip_address=10\.0\.0\.1\d\d$/m);
      // The rack hears of the change a moment after the API has taken it.
      if (/^new_routers=10\.0\.0\.254$/m.test(told)) break;
      assert.ok(tries < 20, told);
    }
  });

  await t.test(
    "an administrator is made and kept in that database; the password is in nobody's arguments",
    async () => {
      const made = rackwright("", "createadmin", "--username", "ada");
      assert.equal(await made.ended, 0, made.said.error);
      const listed = rackwright("", "machines", "list", "--json");
      assert.equal(await listed.ended, 0, listed.said.error);
      assert.deepEqual(JSON.parse(listed.said.output), []);
      const completed = rackwright("", "completion", "suggest", "--", "apikey", "--username", "a");
      assert.equal(await completed.ended, 0);
      assert.equal(completed.said.output, "ada\t\n");
      const { stdout: running } = await run("ps", ["-eo", "args"]);
      assert.match(running, new RegExp(`region/main\\.ts --state ${state}`));
      assert.ok(!running.includes(encodeURIComponent(password)));
    },
  );
});
