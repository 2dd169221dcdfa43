import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
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
