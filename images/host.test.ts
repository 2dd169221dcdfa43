import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import fc from "fast-check";
import { explain } from "./command.ts";
import { ImageBuildError } from "./failure.ts";
import { archivesIn, checkPrograms, checkSpace, packageSource } from "./host.ts";
import { scriptedRunner } from "./testing/fake-runner.ts";

async function hostWith(context: TestContext, files: Readonly<Record<string, string>>): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "rw-host-"));
  context.after(() => rm(root, { recursive: true }));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  return root;
}
const failsWith = (code: string, text: RegExp) => (error: unknown) =>
  error instanceof ImageBuildError &&
  error.failure.code === code &&
  text.test(`${error.message} ${error.failure.next}`);
const keys = "usr/share/keyrings/debian-archive-keyring.gpg";

test("the archive is found in both styles of sources files", () => {
  const deb822 =
    "Types: deb\n# http://old.example/debian\nURIs: http://one.example/debian/\nSuites: bookworm\n\nTypes: deb\nURIs: https://one.example/debian-security\n";
  assert.deepEqual(archivesIn(deb822), {
    mirror: "http://one.example/debian",
    security: "https://one.example/debian-security",
  });
  const lines =
    "# deb http://no.example/debian x\ndeb [arch=amd64] http://two.example/debian bookworm main\ndeb http://two.example/extra bookworm main\n";
  assert.deepEqual(archivesIn(lines), { mirror: "http://two.example/debian" });
  assert.deepEqual(archivesIn("deb cdrom:[Debian]/ bookworm main\nURIs: file:/srv/debian\n"), {});
});

test("any text is read without trouble", () => {
  fc.assert(fc.property(fc.string({ maxLength: 300 }), (text) => typeof archivesIn(`deb ${text}`) === "object"));
});

test("a Debian host lends its mirror, another host does not, and the operator's choice wins", async (context) => {
  const sources = "deb http://near.example/debian bookworm main\n";
  const debian = await hostWith(context, {
    [keys]: "",
    "etc/os-release": "ID=debian\n",
    "etc/apt/sources.list": sources,
  });
  assert.equal((await packageSource(undefined, debian)).mirror, "http://near.example/debian");
  assert.equal((await packageSource("http://mine.example/debian", debian)).mirror, "http://mine.example/debian");
  const ubuntu = await hostWith(context, {
    [keys]: "",
    "etc/os-release": "ID=ubuntu\n",
    "etc/apt/sources.list": sources,
  });
  assert.equal((await packageSource(undefined, ubuntu)).mirror, "http://deb.debian.org/debian");
});

test("missing keys, programs, rights and space each get their sentence", async (context) => {
  const bare = await hostWith(context, {});
  await assert.rejects(packageSource(undefined, bare), failsWith("image-keyring-missing", /debian-archive-keyring/));
  const lacking = scriptedRunner([[/command -v/, { lines: ["missing mmdebstrap", "missing mksquashfs", "0"] }]]);
  await assert.rejects(
    checkPrograms(lacking),
    failsWith("image-program-missing", /apt-get install mmdebstrap squashfs-tools$/),
  );
  await assert.rejects(
    checkPrograms(scriptedRunner([[/command -v/, { lines: ["1000"] }]])),
    failsWith("image-not-root", /sudo/),
  );
  await checkPrograms(scriptedRunner([[/command -v/, { lines: ["0"] }]]));
  await assert.rejects(checkSpace(bare, Number.MAX_SAFE_INTEGER), failsWith("image-no-space", /MiB free/));
  await checkSpace(bare, 1);
});

test("the last lines of a failed program become a reason", () => {
  const reason = (line: string): string =>
    explain("testing", { status: 25, lines: ["before", line, "after"] }).failure.code;
  assert.equal(
    reason("W: Failed to fetch http://x  Temporary failure resolving 'deb.debian.org'"),
    "image-mirror-unreachable",
  );
  assert.equal(
    reason("  Could not connect to deb.debian.org:80 (151.101.2.132). - connect (111: Connection refused)"),
    "image-mirror-unreachable",
  );
  assert.equal(reason("dpkg: error: cannot copy extracted data: No space left on device"), "image-no-space");
  assert.equal(reason("E: The repository 'http://x bookworm InRelease' is not signed."), "image-mirror-untrusted");
  assert.equal(reason("E: Unable to locate package nonsense"), "image-build-failed");
});
