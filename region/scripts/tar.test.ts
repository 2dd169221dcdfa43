import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { tar } from "./tar.ts";

const at = new Date("2026-01-02T03:04:05Z");
const file = (name: string, content: string) => ({ name, content: Buffer.from(content), mode: 0o755 });

test("tar and Python read every file back, also those with the longest names scripts may have", () => {
  const longest = `commissioning/${"s".repeat(100)}`;
  const files = [
    file("index.json", "{}\n"),
    file(`t/${"n".repeat(97)}`, "99 bytes"),
    file(`t/${"n".repeat(98)}`, "100 bytes"),
    file(longest, "x".repeat(512)),
    file(`out/${"s".repeat(100)}.123456789.out`, ""),
  ];
  const input = tar(files, at);
  const listed = spawnSync("tar", ["-tvf", "-"], {
    input,
    encoding: "utf8",
    env: { TZ: "UTC", PATH: process.env["PATH"] },
  });
  assert.equal(listed.stderr, "");
  const lines = listed.stdout.trim().split("\n");
  assert.deepEqual(
    lines.map((line) => line.split(" ").at(-1)),
    files.map(({ name }) => name),
  );
  assert.match(lines[0] ?? "", /^-rwxr-xr-x .* 2026-01-02 03:04/);
  const program =
    "import io,sys,tarfile,json\n" +
    "t=tarfile.open(fileobj=io.BytesIO(sys.stdin.buffer.read()))\n" +
    "print(json.dumps([[m.name,t.extractfile(m).read().decode()] for m in t]))";
  const read = spawnSync("python3", ["-c", program], { input, encoding: "utf8" });
  assert.deepEqual(
    JSON.parse(read.stdout),
    files.map(({ name, content }) => [name, content.toString()]),
  );
});
