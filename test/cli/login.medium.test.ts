import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { openCliSite } from "./site.ts";

await test("logging in to a region elsewhere", { timeout: 60_000 }, async (t) => {
  await using site = await openCliSite();
  const home = await mkdtemp(join(tmpdir(), "rw-home-"));
  t.after(() => rm(home, { recursive: true, force: true }));
  const away = (...words: string[]) => site.runWith({ HOME: home }, ...words);
  const file = join(home, ".config/rackwright/profiles.json");
  await site.run("createadmin", "--username", "ann", "--password", "correct horse battery");

  await t.test("a name and a password become a key, which commands use from then on", async () => {
    const made = await away(
      "login",
      "work",
      "--url",
      site.url,
      "--username",
      "ann",
      "--password",
      "correct horse battery",
    );
    assert.deepEqual([made.status, made.error], [0, ""]);
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    assert.doesNotMatch(await readFile(file, "utf8"), /correct horse/);
    assert.equal((await away("zones", "list", "--json")).status, 0);
    const who = JSON.parse((await away("self", "show", "--json")).lines[0] ?? "{}") as { username: string };
    assert.equal(who.username, "ann");
  });

  await t.test("a wrong password makes no profile, and the region's words are told", async () => {
    const refused = await away("login", "other", "--url", site.url, "--username", "ann", "--password", "wrong");
    assert.match(refused.error, /password is wrong/);
    assert.match((await away("zones", "list", "--profile", "other")).error, /There is no profile 'other'/);
  });

  await t.test("an address is no region, and no address", async () => {
    assert.match((await away("login", "x", "--url", "10.0.0.1")).error, /is not an address/);
    assert.match((await away("login", "x", "--url", site.url)).error, /Neither a key nor a user/);
  });

  await t.test("profiles are listed, chosen and forgotten", async () => {
    const { lines } = await away("profiles", "--json");
    assert.deepEqual(JSON.parse(lines[0] ?? ""), [{ name: "work", url: `${site.url}/`, used: true }]);
    assert.match((await away("profiles", "wrok")).next, /Did you mean work\?/);
    assert.equal((await away("logout")).status, 0);
    assert.match((await away("logout")).error, /No profile is in use/);
  });
});
