import assert from "node:assert/strict";
import { mkdtemp, open, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { boundLog } from "./console-log.ts";

it("a console log that grows over its limit moves aside and its writer goes on", async () => {
  const directory = await mkdtemp(join(tmpdir(), "rw-log-"));
  const [file, earlier] = [join(directory, "log"), join(directory, "log.1")];
  assert.equal(await boundLog(file, earlier, 10), false);
  const writer = await open(file, "a");
  await writer.write("0123456789");
  assert.equal(await boundLog(file, earlier, 10), false);
  await writer.write("!");
  assert.equal(await boundLog(file, earlier, 10), true);
  await writer.write("next");
  await writer.close();
  assert.equal(await readFile(earlier, "utf8"), "0123456789!");
  assert.equal(await readFile(file, "utf8"), "next");
  await rm(directory, { recursive: true });
});
