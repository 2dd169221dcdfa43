import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { access, constants, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { scriptTypes } from "@rackwright/contract";
import { parseScript, readYaml } from "../header.ts";

const folder = import.meta.dirname;
const mebibyte = 1024 * 1024;

test("every built-in script can be read, is what its place says, and can be started", async () => {
  const seen: string[] = [];
  for (const type of scriptTypes) {
    for (const name of await readdir(join(folder, type))) {
      const path = join(folder, type, name);
      const header = parseScript(await readFile(path, "utf8"));
      assert.deepEqual([header.type, header.name], [type, name]);
      assert.ok(header.title !== "" && header.description !== "", name);
      await access(path, constants.X_OK);
      // A time-out is for what hangs: machines that do much at once are slow in everything.
      assert.ok(header.timeout === 0 || header.timeout >= 300, `${name} has ${header.timeout} s`);
      seen.push(name);
    }
  }
  assert.equal(new Set(seen).size, seen.length);
  assert.ok(seen.includes("lshw") && seen.includes("smartctl-validate") && seen.includes("wipe-disks"));
});

test("the self-tests of disks differ in what they start, and in nothing else", async () => {
  const [short, ...others] = await Promise.all(
    ["short", "long", "conveyance"].map(async (kind) => {
      const text = await readFile(join(folder, "testing", `smartctl-${kind}`), "utf8");
      const body = text.slice(text.indexOf("# --- End MAAS"));
      assert.ok(body.includes(`KIND, NVME_CODE = "${kind}", `));
      return body.replace(/^KIND, NVME_CODE = .*$/m, "");
    }),
  );
  for (const other of others) assert.equal(other, short);
});

const benchmark = `                       Compressing  |                  Decompressing
Dict     Speed Usage    R/U Rating  |      Speed Usage    R/U Rating
         KiB/s     %   MIPS   MIPS  |      KiB/s     %   MIPS   MIPS

25:        337    98    392    386  |       5484    99    494    488
----------------------------------  | ------------------------------
Avr:       227    97    250    243  |       4197    96    380    367
Tot:              97    315    305
`;
const older = benchmark.replace(/^Avr:.*$/m, "Avr:              97    250    243  |              96    380    367");

test("the ratings of 7-Zip are found in what its versions print, and its failure is the script's", async () => {
  await using scratch = await scratchFolder();
  const result = join(scratch.path, "result.yaml");
  const env = { PATH: `${scratch.path}:${process.env["PATH"]}`, DOWNLOAD_PATH: scratch.path, RESULT_PATH: result };
  const judge = async (printed: string, status: number) => {
    const text = `#!/bin/sh\ncat <<'END'\n${printed}END\nexit ${status}\n`;
    await writeFile(join(scratch.path, "7z"), text, { mode: 0o755 });
    return new Promise<{ code: number; output: string }>((resolve) => {
      const script = join(folder, "testing", "7z");
      execFile(script, { env }, (error, output) => resolve({ code: Number(error?.code ?? 0), output }));
    });
  };
  for (const printed of [benchmark, older]) {
    assert.deepEqual(await judge(printed, 0), { code: 0, output: printed });
    assert.deepEqual(readYaml(await readFile(result, "utf8")), {
      results: { compression: 243, decompression: 367, total: 305 },
    });
  }
  assert.equal((await judge(benchmark, 8)).code, 8);
  assert.equal((await judge("Killed\n", 0)).code, 1, "no rating, no pass");
});

type Wiped = { status: number; results: { erased?: string[]; failed?: string[] } };

/** Runs the script on files in place of disks. */
async function wipe(scratch: string, ...words: string[]): Promise<Wiped> {
  const result = join(scratch, "result.yaml");
  const status = await new Promise<number>((resolve) => {
    const options = { env: { ...process.env, RESULT_PATH: result } };
    execFile(join(folder, "release", "wipe-disks"), words, options, (error) => resolve(Number(error?.code ?? 0)));
  });
  return { status, ...(readYaml(await readFile(result, "utf8")) as Pick<Wiped, "results">) };
}

async function scratchFolder(): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), "rw-wipe-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}

const isZero = (bytes: Buffer): boolean => bytes.every((byte) => byte === 0);

test("disks are made zero, and one that fails keeps no other from it", async () => {
  await using scratch = await scratchFolder();
  const disks = ["a", "b"].map((name) => join(scratch.path, name));
  for (const disk of disks) await writeFile(disk, randomBytes(6 * mebibyte));
  const { status, results } = await wipe(
    scratch.path,
    ...["/dev/no-such-disk", ...disks].map((disk) => `--disk=${disk}`),
  );
  assert.equal(status, 1);
  assert.match(results.failed?.join("\n") ?? "", /^no-such-disk: .*No such file/);
  assert.equal(results.erased?.length, 2);
  for (const line of results.erased ?? [])
    assert.match(line, /overwritten with zeroes; 1 areas and \d+ samples read back empty/);
  for (const disk of disks) assert.ok(isZero(await readFile(disk)));
});

test("quickly means the edges: what tells partitions is gone, the rest is where it was", async () => {
  await using scratch = await scratchFolder();
  const disk = join(scratch.path, "disk");
  const before = randomBytes(40 * mebibyte);
  await writeFile(disk, before);
  // No way of its own to erase securely: quickly, as asked for.
  const { status, results } = await wipe(scratch.path, "--quick_erase=true", "--secure_erase=true", `--disk=${disk}`);
  assert.equal(status, 0);
  assert.match(results.erased?.[0] ?? "", /edges of partitions were overwritten; 2 areas read back empty$/);
  const after = await readFile(disk);
  const edge = 16 * mebibyte;
  assert.ok(isZero(after.subarray(0, edge)) && isZero(after.subarray(-edge)));
  assert.ok(after.subarray(edge, -edge).equals(before.subarray(edge, -edge)));
});
