import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import test from "node:test";
import { json } from "../../region/database/pool.ts";
import { testInventory, testMachine } from "../../region/machines/testing.ts";
import { openCliSite } from "./site.ts";

const main = join(dirname(dirname(import.meta.dirname)), "cli", "main.ts");

await test("the command line and a region", { timeout: 120_000 }, async (t) => {
  await using site = await openCliSite();
  const { db, run } = site;
  /** Machines with an inventory, by hostname. */
  const make = async (hostname: string, status: "ready" | "new" = "ready"): Promise<string> => {
    const { id, mac } = await testMachine(db, { hostname, status });
    await db
      .updateTable("machines")
      .set({ inventory: json(testInventory(mac)) })
      .where("id", "=", id)
      .execute();
    return id;
  };
  const cells = (line: string | undefined): string[] => (line ?? "").split(/ {2,}/);

  await t.test("empty lists say so in words and hold no line a program could take for an item", async () => {
    for (const words of [
      "machines list",
      "tags list",
      "racks list",
      "subnets list",
      "subnets leases",
      "machines twins",
    ]) {
      const { lines, said, status } = await run(...words.split(" "));
      assert.deepEqual([lines, said.length, status], [[], 1, 0], words);
    }
    assert.deepEqual((await run("machines", "list", "--json")).lines, ["[]"]);
  });

  await t.test("a machine goes by id, hostname and MAC address; the nearest name is told", async () => {
    const id = await make("quiet-heron");
    const { macs } = JSON.parse((await run("machines", "show", id, "--json")).lines[0] ?? "{}") as { macs: string[] };
    for (const name of ["quiet-heron", id, macs[0] ?? ""])
      assert.match((await run("machines", "show", name)).lines[0] ?? "", new RegExp(`${id}$`));
    const missed = await run("machines", "show", "quiet-herno");
    assert.deepEqual([missed.status, missed.error], [2, "There is no machine 'quiet-herno'."]);
    assert.match(missed.next, /^Did you mean quiet-heron\? /);
    assert.match((await run("machines", "list", "--status", "redy")).error, /Did you mean 'ready'\?/);
    assert.match((await run("machines", "list", "--filter", "statsu:ready")).error, /did you mean status\?/);
    assert.match((await run("zones", "delete", "defalt")).next, /Did you mean default\?/);
    assert.match((await run("machines", "set-zone", id, "--to", "defalt")).error, /did you mean default\?/);
  });

  await t.test("what is shown of a machine: what can be asked, and of the rest why not", async () => {
    const { lines } = await run("machines", "show", "quiet-heron");
    const asked = lines.find((line) => line.startsWith("can be asked")) ?? "";
    assert.match(asked, /rescue-mode, mark-broken, power on/);
    assert.ok(
      lines.some((line) => /^not now +lock: it is ready; possible while it is deploying or deployed$/.test(line)),
    );
  });

  await t.test(
    "many machines: each has its line, each reason is told once, one refusal fails the command",
    async () => {
      await make("row-1");
      await make("row-2");
      await make("row-3", "new");
      const { lines, status, error } = await run("machines", "allocate", "row-1", "row-2", "row-3");
      assert.deepEqual(
        lines.slice(1, 4).map((line) => cells(line).slice(1)),
        [
          ["row-1", "done", "allocated"],
          ["row-2", "done", "allocated"],
          ["row-3", "refused", "new"],
        ],
      );
      assert.deepEqual([status, error], [1, "1 of 3 machines did not do it."]);
      const broken = await run("machines", "mark-broken", "--filter", "hostname:row-*", "--comment", "moving");
      assert.deepEqual([broken.status, broken.lines.length], [0, 4]);
      const none = await run("machines", "delete", "--filter", "hostname:nowhere");
      assert.deepEqual([none.status, none.lines, none.said.length], [0, [], 1]);
      assert.equal((await run("machines", "delete", "--filter", " ")).status, 2, "an empty filter is not everything");
      assert.equal((await run("machines", "power", "query", "--filter", "hostname:row-*")).status, 0);
      assert.equal((await run("machines", "delete", "row-1", "row-2", "row-3")).status, 0);
    },
  );

  await t.test("--wait ends when the machines rest, and fails where one failed", async () => {
    await run("machines", "allocate", "quiet-heron");
    const released = await run("machines", "release", "quiet-heron", "--wait");
    assert.deepEqual([released.status, cells(released.lines[1]).slice(1)], [0, ["quiet-heron", "done", "ready"]]);
    const waiting = run("machines", "test", "quiet-heron", "--wait");
    for (;;) {
      const [row] = await db.selectFrom("machines").select("status").where("hostname", "=", "quiet-heron").execute();
      if (row?.status === "testing") break;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await run("machines", "mark-broken", "quiet-heron", "--comment", "it smokes");
    const { status, error, next } = await waiting;
    assert.deepEqual([status, error], [1, "root@local marked it broken: it smokes."]);
    assert.match(next, /mark it fixed/);
    await run("machines", "mark-fixed", "quiet-heron");
  });

  await t.test(
    "machines are made known and changed; counts and forms are looked at before anything is asked",
    async () => {
      const mac = "52:54:00:aa:bb:cc";
      const made = await run("machines", "create", "--mac", mac, "--hostname", "by-hand", "--power-driver", "manual");
      assert.match(made.lines[1] ?? "", /by-hand +new/);
      assert.equal((await run("machines", "update", "by-hand", "--hostname", "renamed")).status, 0);
      assert.equal((await run("machines", "update", "renamed")).error, "Nothing is given to change.");
      assert.equal((await run("machines", "delete", mac)).status, 0);
      assert.match((await run("events", "--limit", "0")).error, /whole number from 1 on/);
      assert.match((await run("machines", "create", "--mac", mac, "--power", "x")).error, /name=value/);
    },
  );

  await t.test("subnets, settings, users and their keys", async () => {
    const range = "10.9.0.10-10.9.0.20";
    const subnet = await run("subnets", "create", "10.9.0.0/24", "--dhcp", "--range", range, "--gateway", "10.9.0.1");
    assert.deepEqual(cells(subnet.lines[1]), ["10.9.0.0/24", "on", range, "10.9.0.1", "-"]);
    assert.match((await run("subnets", "update", "10.9.0.0/25", "--no-dhcp")).next, /Did you mean 10\.9\.0\.0\/24\?/);
    assert.deepEqual((await run("subnets", "delete", "10.9.0.0/24")).lines, ["10.9.0.0/24 is deleted."]);
    assert.deepEqual((await run("settings", "set", "deadlines.testing.total=7200")).lines, [
      "deadlines.testing.total=7200 (was 604800)",
    ]);
    assert.ok((await run("settings", "show")).lines.includes("deadlines.testing.total=7200"));
    assert.equal((await run("users", "create", "bob", "--password", "long enough")).lines[0], "bob can sign in.");
    assert.match((await run("users", "create", "bob", "--password", "long enough")).next, /another name/);
    assert.match((await run("users", "update", "bob", "--administrator")).lines[1] ?? "", /^bob +administrator/);
    const key = (await run("apikey", "--username", "bob")).lines[0] ?? "";
    assert.equal((await run("status", "--url", site.url, "--api-key", key)).status, 0);
    assert.equal((await run("users", "delete-key", "bob", key.split(":")[1] ?? "")).status, 0);
    assert.equal((await run("machines", "list", "--url", site.url, "--api-key", key)).status, 2);
    assert.deepEqual((await run("users", "delete", "bob")).lines, ["bob is deleted."]);
  });

  await t.test("a script is named by its header or its file, and comes back byte by byte", async () => {
    const file = join(site.state, "probe");
    const text = "#!/bin/sh\r\n# name: not-a-header\necho '\u001b[1m'\n";
    await writeFile(file, text);
    assert.match((await run("scripts", "upload", file)).lines[0] ?? "", /^probe: version \d+, testing, node$/);
    assert.match((await run("scripts", "upload", file)).lines[0] ?? "", /the text is the same as before/);
    assert.equal((await run("scripts", "download", "probe")).lines[0], text);
    assert.match((await run("scripts", "show", "prob")).next, /Did you mean probe\?/);
    assert.match((await run("scripts", "revert", "probe", "first")).error, /whole number/);
  });

  await t.test("events name machines, and say when a type does not exist", async () => {
    const { lines } = await run("events", "--machine", "quiet-heron", "--type", "machine.status", "--limit", "1");
    assert.match(lines[0] ?? "", /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d +quiet-heron +machine\.status/);
    assert.match((await run("events", "--type", "machin.status")).said[0] ?? "", /did you mean machine\.status\?/);
  });

  await t.test("a reader who has enough ends the program quietly, as head does", async () => {
    for (let batch = 0; batch < 20; batch++)
      await db
        .insertInto("events")
        .values(
          Array.from({ length: 50 }, () => ({
            at: new Date(),
            type: "dhcp.discover" as const,
            level: "info" as const,
            message: "x".repeat(200),
          })),
        )
        .execute();
    const child = spawn(
      process.execPath,
      ["--disable-warning=ExperimentalWarning", main, "events", "--limit", "1000"],
      {
        env: { ...process.env, RACKWRIGHT_STATE: site.state },
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
    child.stdout.once("data", () => child.stdout.destroy());
    const [status] = (await once(child, "close")) as [number | null];
    assert.deepEqual([status, said], [141, ""]);
  });
});
