import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import test from "node:test";
import { promisify } from "node:util";
import { hostPackages as imagePackages } from "@rackwright/images";
import { faultPackages, hostPackages as labPackages } from "@rackwright/lab";

const home = dirname(import.meta.dirname);
const run = promisify(execFile);
/** Packages every Debian and Ubuntu system has. */
const essential = new Set(["coreutils", "tar", "util-linux"]);

async function packagesOf(verb: string): Promise<string[]> {
  const text = await readFile(join(home, "rackwright"), "utf8");
  const variable = (name: string): string => text.match(new RegExp(`^${name}="(.*)"$`, "m"))?.[1] ?? "";
  const line = text.match(new RegExp(`^  ${verb}\\) packages="?(.*?)"? ;;$`, "m"))?.[1] ?? "";
  return line
    .replace("$lab_packages", variable("lab_packages"))
    .replace("$image_packages", variable("image_packages"))
    .split(" ");
}

test("the launcher installs all that images, the lab and their tests need", async () => {
  const missing = (need: readonly string[], have: readonly string[]): string[] =>
    need.filter((name) => !essential.has(name) && !have.includes(name));
  assert.deepEqual(missing(imagePackages, await packagesOf("images")), []);
  assert.deepEqual(missing(labPackages, await packagesOf("lab")), []);
  assert.deepEqual(missing([...imagePackages, ...labPackages], await packagesOf("demo")), []);
  assert.deepEqual(missing([...imagePackages, ...labPackages, ...faultPackages], await packagesOf("test")), []);
});

test("the launcher is POSIX shell, and every verb has help", async () => {
  await run("sh", ["-n", join(home, "rackwright")]);
  for (const verb of ["up", "demo", "test", "bench", "lab", "images", "machines", "events", "createadmin", "apikey"]) {
    const { stdout } = await run(process.execPath, [
      "--disable-warning=ExperimentalWarning",
      join(home, "cli", "main.ts"),
      verb,
      "--help",
    ]);
    assert.match(stdout, /Usage: rackwright/, verb);
  }
});

test("without root, the launcher says in one sentence what needs it and what to run", async () => {
  const folder = await mkdtemp(join(tmpdir(), "rackwright-launcher-"));
  try {
    // The launcher asks id(1) who it is.
    await writeFile(join(folder, "id"), "#!/bin/sh\necho 1000\n", { mode: 0o755 });
    const launcher = join(home, "rackwright");
    const env = { ...process.env, PATH: `${folder}:${process.env["PATH"] ?? ""}` };
    for (const words of [["up"], ["demo", "--machines", "2"], ["lab", "up"], ["images", "build"]]) {
      const ended = await run("sh", [launcher, ...words], { env }).then(
        () => undefined,
        (error: { code?: number; stdout?: string; stderr?: string }) => error,
      );
      assert.equal(ended?.code, 1, words.join(" "));
      assert.equal(ended.stdout, "");
      assert.match(ended.stderr ?? "", /^rackwright: [A-Z][A-Za-z ]+ needs root: run 'sudo [^\n]+'\.\n$/);
      assert.ok(ended.stderr?.endsWith(`sudo ${launcher} ${words.join(" ")}'.\n`), ended.stderr);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
