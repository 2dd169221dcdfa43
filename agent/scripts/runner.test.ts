import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { keptOutput, keptResultFile } from "@rackwright/contract";
import { inOrder } from "./order.ts";
import { runScripts } from "./index.ts";
import { scriptBench } from "./testing.ts";

test("a script gets its files and words, and its streams, status and result arrive", async () => {
  await using bench = await scriptBench();
  const run = bench.run(
    "tells",
    `#!/bin/sh
echo "$@"; echo "$RUNTIME $HAS_STARTED $RACKWRIGHT_RACK_URL \${BMC_CONFIG_PATH-none}"; pwd >&2
echo kept | cat >"$RESULT_PATH"
[ "$(pwd)" = "$DOWNLOAD_PATH" ] || exit 9
files="$OUTPUT_STDOUT_PATH $OUTPUT_STDERR_PATH $OUTPUT_COMBINED_PATH"
while [ "$(cat $files | wc -l)" -lt 6 ]; do sleep 0.05; done
exit 3
`,
    { arguments: [{ name: "runtime", type: "runtime", value: "42", format: null }], started: true },
  );
  await runScripts(bench.context, bench.task(run));
  assert.equal(bench.output(run), "--runtime=42\n42 True http://rack.test:5248 none\n");
  assert.match(bench.output(run, "err"), /\/downloads\n$/);
  assert.deepEqual(bench.statuses(run), ["running", "failed"]);
  const { exit_status, result } = bench.ending(run) ?? {};
  assert.deepEqual([exit_status, result], [3, "kept\n"]);
});

test("hardware types in order; alone first, then instances, then all others beside each other", async () => {
  await using bench = await scriptBench();
  const run = (name: string, rest: object) => bench.run(name, "#!/bin/sh\n", rest);
  const groups = inOrder([
    run("node-any", {}),
    run("disk-any", { hardware_type: "storage" }),
    run("disk-two", { hardware_type: "storage", parallel: "instance" }),
    run("disk-two", { hardware_type: "storage", parallel: "instance" }),
    run("disk-one", { hardware_type: "storage", parallel: "instance" }),
    run("disk-z", { hardware_type: "storage", parallel: "disabled" }),
    run("disk-a", { hardware_type: "storage", parallel: "disabled" }),
    run("cpu", { hardware_type: "cpu" }),
    run("other", {}),
  ]);
  assert.deepEqual(
    groups.map((group) => group.map(({ name }) => name).join(" ")),
    ["cpu", "disk-a", "disk-z", "disk-one", "disk-two disk-two", "disk-any", "node-any other"],
  );
});

test("scripts that may run beside others do, those that want to be alone are alone", async () => {
  await using bench = await scriptBench();
  // Each waits until it sees the other: one after the other they would both fail.
  const meet = (mine: string, other: string) =>
    `#!/bin/sh\n: >"$HOME/${mine}"; for try in $(seq 100); do [ -e "$HOME/${other}" ] && exit 0; sleep 0.1; done; exit 1\n`;
  const together = [bench.run("a", meet("a", "b")), bench.run("b", meet("b", "a"))];
  const lock = '#!/bin/sh\nmkdir "$HOME/alone" || exit 1; sleep 0.2; rmdir "$HOME/alone"\n';
  const alone = ["c", "d", "e"].map((name) => bench.run(name, lock, { parallel: "disabled" }));
  await runScripts(bench.context, bench.task(...together, ...alone));
  for (const run of [...together, ...alone]) assert.equal(bench.ending(run)?.status, "passed", run.name);
});

async function gone(pid: string): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, "latin1").catch(() => null);
  return stat === null || /\) Z /.test(stat);
}

test("at the end of its time a script is killed with its grandchildren, even those in a session of their own", async () => {
  await using bench = await scriptBench();
  const run = bench.run(
    "hangs",
    `#!/bin/sh
trap '' TERM
sh -c 'trap "" TERM; echo $$ >"$HOME/child"; while :; do sleep 1; done' &
setsid sh -c 'trap "" TERM; echo $$ >"$HOME/stray"; while :; do sleep 1; done' &
while :; do sleep 1; done
`,
    { timeout_seconds: 1 },
  );
  await runScripts(bench.context, bench.task(run));
  const { status, exit_status, error } = bench.ending(run) ?? {};
  assert.deepEqual([status, exit_status], ["timed out", 124]);
  assert.match(error ?? "", /stopped after \d+ s/);
  for (const name of ["child", "stray"]) {
    const pid = (await readFile(join(bench.folder, name), "utf8")).trim();
    for (let tries = 0; !(await gone(pid)); tries++) {
      assert.ok(tries < 100, `${name} is still alive`);
      await pause(50);
    }
  }
});

test("a process left in the background does not keep the script from ending", { timeout: 30_000 }, async () => {
  await using bench = await scriptBench();
  const run = bench.run("leaves", '#!/bin/sh\nsleep 600 & echo $! >"$HOME/pid"; echo done\n');
  await runScripts(bench.context, bench.task(run));
  assert.equal(bench.ending(run)?.status, "passed");
  assert.equal(bench.output(run), "done\n");
  process.kill(Number(await readFile(join(bench.folder, "pid"), "utf8")), "SIGKILL");
});

test("an endless output takes no memory: beginning and end arrive, the gap is counted", async () => {
  await using bench = await scriptBench();
  const run = bench.run("endless", "#!/bin/sh\nyes | head -c 300000000; echo the end\n");
  const before = process.memoryUsage.rss();
  await runScripts(bench.context, bench.task(run));
  const grown = process.memoryUsage.rss() - before;
  const pieces = bench.pieces(run, "out");
  const sent = pieces.reduce((sum, { data }) => sum + data.length, 0);
  const last = pieces.at(-1);
  assert.equal(sent, keptOutput);
  assert.equal((last?.offset ?? 0) + (last?.data.length ?? 0), 300_000_000 + "the end\n".length);
  assert.match(last?.data.toString() ?? "", /y\nthe end\n$/);
  assert.ok(grown < 200_000_000, `grew by ${grown} bytes`);
});

test("output need not be text", async () => {
  await using bench = await scriptBench();
  const bytes = Buffer.from(Array.from({ length: 70_000 }, (_, index) => (index * 7919) % 256));
  await writeFile(join(bench.folder, "bytes"), bytes);
  const run = bench.run("binary", '#!/bin/sh\ncat "$HOME/bytes"\n');
  await runScripts(bench.context, bench.task(run));
  assert.deepEqual(Buffer.concat(bench.pieces(run, "out").map(({ data }) => data)), bytes);
});

test("a result file of 100 MB, or one that is none, fails the run with the reason", async () => {
  await using bench = await scriptBench();
  const large = bench.run("large", '#!/bin/sh\nhead -c 100000000 /dev/zero >"$RESULT_PATH"\n');
  const pipe = bench.run("pipe", '#!/bin/sh\nmkfifo "$RESULT_PATH"\n');
  await runScripts(bench.context, bench.task(large, pipe));
  const { status, exit_status, error, result } = bench.ending(large) ?? {};
  assert.deepEqual([status, exit_status, result], ["failed", 0, undefined]);
  assert.match(error ?? "", new RegExp(`has 100000000 bytes, at most ${keptResultFile} are taken`));
  assert.match(bench.ending(pipe)?.error ?? "", /not a plain file/);
});

test("a device that is not there, an interpreter that is not there, a text that cannot be had: each says so", async () => {
  await using bench = await scriptBench();
  const device = { name: "sdq", path: "/dev/sdq", model: "M", serial: "NOT-THERE-1" };
  const lost = bench.run("lost", "#!/bin/sh\n", {
    arguments: [{ name: "storage", type: "storage", value: device, format: null }],
  });
  const strange = bench.run("strange", "#!/usr/bin/no-such-interpreter\n");
  const unread = { ...bench.run("unread", "#!/bin/sh\n"), sha256: "0".repeat(64) };
  const fine = bench.run("fine", "#!/bin/sh\n");
  await runScripts(bench.context, bench.task(lost, strange, unread, fine));
  assert.match(bench.ending(lost)?.error ?? "", /The disk sdq \(M, serial NOT-THERE-1\) is not in this machine/);
  assert.match(bench.ending(strange)?.error ?? "", /could not be started.*interpreter/);
  assert.match(bench.ending(unread)?.error ?? "", /404 no such script/);
  assert.deepEqual(
    [lost, strange, unread, fine].map((run) => bench.ending(run)?.status),
    ["failed", "failed", "failed", "passed"],
  );
});

test("what a script needs and cannot be installed fails it, with the lines of the program that failed", async () => {
  await using bench = await scriptBench();
  const packages = { apt: [], snap: [], url: ["http://127.0.0.1:9/tool.tar.gz"] };
  const run = bench.run("needs", "#!/bin/sh\n", { packages });
  await runScripts(bench.context, bench.task(run));
  assert.deepEqual(bench.statuses(run), ["installing dependencies", "failed installing dependencies"]);
  assert.match(bench.ending(run)?.error ?? "", /Fetching http:\/\/127\.0\.0\.1:9\/tool\.tar\.gz failed/);
  assert.match(bench.output(run, "err"), /curl: \(7\)/);
});

test("the region is asked again until it has no more scripts; each runs once", async () => {
  await using bench = await scriptBench();
  const [first, second] = [bench.run("first", "#!/bin/sh\n"), bench.run("second", "#!/bin/sh\n")];
  bench.tasks.push(bench.task(first, second), bench.task(second));
  await runScripts(bench.context, bench.task(first), () => assert.fail("nothing is repeated"));
  assert.deepEqual(bench.told, ["1 running", "1 passed", "drained", "2 running", "2 passed", "drained"]);
});

test("scripts that the region has repeated find the machine looked at anew", async () => {
  await using bench = await scriptBench();
  const [first, repeated] = [bench.run("same", "#!/bin/sh\n"), bench.run("same", "#!/bin/sh\n")];
  const [gone, found] = [bench.run("disk", "#!/bin/sh\n"), bench.run("disk", "#!/bin/sh\n")];
  // By the new inventory the region has another run on another disk, and takes no report on the former one.
  bench.tasks.push(bench.task(first, repeated, gone), bench.task(repeated, found), bench.task());
  await runScripts(bench.context, bench.task(first), async () => void bench.told.push("anew"));
  assert.deepEqual(bench.told.slice(0, 5), ["1 running", "1 passed", "drained", "anew", "drained"]);
  assert.deepEqual(bench.told.slice(5).toSorted(), ["2 passed", "2 running", "4 passed", "4 running", "drained"]);
});

test("a script that reboots is known to have begun before it does, and has no result until it ran again", async () => {
  await using bench = await scriptBench();
  const run = bench.run("reboots", "#!/bin/sh\nexit 0\n", { may_reboot: true });
  const down = { ...bench.context, stopping: async () => (bench.stop(), true) };
  await runScripts(down, bench.task(run));
  assert.deepEqual(bench.told, ["1 running", "drained"]);
});

test("once the region no longer wants it, what runs is ended and nothing else begins", async () => {
  await using bench = await scriptBench();
  const first = bench.run("first", '#!/bin/sh\n: >"$HOME/began"; exec sleep 600\n', { parallel: "disabled" });
  const second = bench.run("second", "#!/bin/sh\n", { parallel: "disabled" });
  const running = runScripts(bench.context, bench.task(first, second));
  for (let tries = 0; (await readFile(join(bench.folder, "began")).catch(() => null)) === null; tries++) {
    assert.ok(tries < 200, "it never began");
    await pause(20);
  }
  bench.stop();
  await running;
  assert.deepEqual(bench.told, ["1 running"]);
});

test("the settings of a BMC that a serial commissioning script found are reported", async () => {
  const sent: unknown[] = [];
  await using bench = await scriptBench({
    run: async () => ({
      status: 0,
      output: '{"power_type":"ipmi","power_parameters":{"power_address":"192.0.2.9","port":623}}',
      error: "",
      seconds: 0,
      timedOut: false,
    }),
  });
  const send = bench.context.reporter.send;
  const context = {
    ...bench.context,
    reporter: {
      ...bench.context.reporter,
      send: (report: Parameters<typeof send>[0]) => (sent.push(report), send(report)),
    },
  };
  const run = bench.run("bmc", '#!/bin/sh\necho "power_type: ipmi" >"$BMC_CONFIG_PATH"\n', {
    type: "commissioning",
    parallel: "disabled",
  });
  await runScripts(context, bench.task(run));
  assert.deepEqual(
    sent.find((report) => (report as { kind: string }).kind === "bmc"),
    { kind: "bmc", bmc: { driver: "ipmi", parameters: { power_address: "192.0.2.9", port: "623" } } },
  );
});
