import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, beforeEach, test } from "node:test";
import { fetchAuthorization, type Image } from "@rackwright/contract";
import { sql } from "kysely";
import { testDatabase } from "../database/testing.ts";
import { buildApp } from "../http/app.ts";
import { noLog } from "../log.ts";
import { registerRackFetch } from "../racks/fetch.ts";
import { ensureRack } from "../racks/rows.ts";
import { registerImageRoutes } from "./routes.ts";
import { blobPath } from "./store.ts";
import { ImageSync } from "./sync.ts";

const database = await testDatabase();
const { db } = database;
const now = new Date("2026-01-01T00:00:00Z");
const clock = { now: () => now };
let store = "";
beforeEach(async (t) => {
  await sql`truncate images, events restart identity cascade`.execute(db);
  await db.deleteFrom("racks").execute();
  store = await mkdtemp(join(tmpdir(), "rw-images-"));
  const folder = store;
  if ("after" in t) t.after(() => rm(folder, { recursive: true }));
});
after(() => database.close());

const sha = (content: string): string => createHash("sha256").update(content).digest("hex");
async function writeImage(name: string, content: string, more: object = {}): Promise<void> {
  const path = blobPath(store, sha(content));
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
  const files = [{ role: "squashfs", name: "squashfs", sha256: sha(content), size: content.length }];
  const manifest = {
    name,
    kind: "deployable",
    title: "Debian 12",
    os: "debian",
    release: "12",
    architecture: "amd64",
    recipe: "0".repeat(64),
    builtAt: "2026-01-01T00:00:00.000Z",
    files,
    ...more,
  };
  await mkdir(join(store, "manifests"), { recursive: true });
  await writeFile(join(store, "manifests", `${name}.json`), JSON.stringify(manifest));
}
const events = async (): Promise<string[]> =>
  (await db.selectFrom("events").select("message").orderBy("id").execute()).map(({ message }) => message);
const names = async (): Promise<string[]> =>
  (await db.selectFrom("images").select("name").orderBy("name").execute()).map(({ name }) => name);

test("manifests are registered once, renewed when they change, and removed with their manifest", async () => {
  const images = new ImageSync({ db, clock, log: noLog, store });
  assert.deepEqual(await images.sync(), { registered: [], removed: [], problems: [] });
  await writeImage("debian-12", "root");
  assert.deepEqual((await images.sync()).registered, ["debian-12"]);
  assert.deepEqual((await images.sync()).registered, []);
  await writeImage("debian-12", "newer root");
  assert.deepEqual((await images.sync()).registered, ["debian-12"]);
  await rm(join(store, "manifests", "debian-12.json"));
  assert.deepEqual((await images.sync()).removed, ["debian-12"]);
  const image = "Image debian-12 (Debian 12) is";
  assert.deepEqual(await events(), [`${image} registered.`, `${image} renewed.`]);
});

test("a process that never saw an image leaves it alone unless it is told to prune", async () => {
  await writeImage("debian-12", "root");
  await new ImageSync({ db, clock, log: noLog, store }).sync();
  await rm(join(store, "manifests", "debian-12.json"));
  const other = new ImageSync({ db, clock, log: noLog, store });
  assert.deepEqual((await other.sync()).removed, []);
  assert.deepEqual((await other.sync({ prune: true })).removed, ["debian-12"]);
});

test("missing, short and damaged files and manifests that cannot be read are told once and not registered", async () => {
  const images = new ImageSync({ db, clock, log: noLog, store });
  await writeImage("good", "good");
  await writeImage("missing", "missing");
  await rm(blobPath(store, sha("missing")));
  await writeImage("short", "short one");
  await writeFile(blobPath(store, sha("short one")), "short");
  await writeImage("damaged", "damaged");
  await writeFile(blobPath(store, sha("damaged")), "dAmaged");
  await writeImage("other", "other", { name: "else" });
  await writeFile(join(store, "manifests", "broken.json"), "{");
  const outcome = await images.sync();
  assert.deepEqual(await names(), ["damaged", "good"]);
  const said = outcome.problems.map(({ message }) => message).join("\n");
  for (const each of [
    /broken\.json/,
    /missing: the file|Image missing .*is missing/,
    /has 5 bytes, not 9/,
    /it names the image 'else'/,
  ])
    assert.match(said, each);
  const before = (await events()).length;
  await images.sync();
  assert.equal((await events()).length, before, "a problem that lasts is told once");
  assert.deepEqual((await images.sync({ verify: true })).removed, ["damaged"]);
  assert.match((await events()).at(-1) ?? "", /Image damaged cannot be used: squashfs: the file .* is damaged/);
});

test("the folder is watched", async () => {
  const images = new ImageSync({ db, clock, log: noLog, store, every: 10 });
  await images.start();
  await writeImage("debian-12", "root");
  for (const end = Date.now() + 5000; Date.now() < end && (await names()).length === 0;)
    await new Promise((resolve) => setTimeout(resolve, 10));
  await images.stop();
  assert.deepEqual(await names(), ["debian-12"]);
});

test("the API lists images, and racks with a proof fetch their files", async () => {
  const images = new ImageSync({ db, clock, log: noLog, store });
  const allow = (): Promise<void> => Promise.resolve();
  const app = buildApp({ log: noLog });
  app.decorateRequest("caller", null);
  app.addHook("onRequest", async (incoming) => {
    incoming.caller = { id: 1, username: "root", administrator: true };
  });
  registerImageRoutes(app, { db, clock, images, guards: { user: allow, administrator: allow } });
  registerRackFetch(app, { db, clock, imageStore: store });
  await app.ready();
  await writeImage("debian-12", "root");
  await writeImage("debian-13", "root 13");
  const synced = await app.inject({ method: "POST", url: "/api/v1/images/sync" });
  assert.deepEqual(synced.json(), { registered: ["debian-12", "debian-13"], removed: [], problems: [] });
  const page = (await app.inject("/api/v1/images?limit=1")).json<{ items: Image[]; next: string }>();
  assert.deepEqual([page.items[0]?.name, page.items[0]?.size, page.next], ["debian-12", 4, "debian-12/amd64"]);
  const rest = (await app.inject(`/api/v1/images?cursor=${page.next}`)).json<{ items: Image[]; next: null }>();
  assert.deepEqual([rest.items.map(({ name }) => name), rest.next], [["debian-13"], null]);
  assert.equal((await app.inject("/api/v1/images/debian-13")).json<Image>().size, 7);
  assert.equal((await app.inject("/api/v1/images/debian")).statusCode, 404);

  const secret = Buffer.alloc(32, 1);
  await ensureRack(db, "rack1", secret);
  const fetch = async (url: string, authorization: string | undefined) => {
    const answer = await app.inject({ url, headers: authorization === undefined ? {} : { authorization } });
    return answer.statusCode === 200 ? answer.body : answer.statusCode;
  };
  const url = `/rack/v1/images/${sha("root")}`;
  const proof = (path: string, at = now, by = secret, name = "rack1") => fetchAuthorization(by, name, at, path);
  assert.equal(await fetch(url, proof(url)), "root");
  assert.equal(await fetch(url, undefined), 401);
  assert.equal(await fetch(url, proof(url, now, Buffer.alloc(32, 2))), 401);
  assert.equal(await fetch(url, proof(url, now, secret, "rack2")), 401);
  assert.equal(await fetch(url, proof(`/rack/v1/images/${sha("root 13")}`)), 401);
  assert.equal(await fetch(url, proof(url, new Date(now.getTime() - 301_000))), 401);
  assert.equal(await fetch(url, proof(url, new Date(now.getTime() + 299_000))), "root");
  for (const bad of ["0".repeat(64), "..%2F..%2Fmanifests%2Fdebian-12.json", "x"])
    assert.equal(await fetch(`/rack/v1/images/${bad}`, proof(`/rack/v1/images/${bad}`)), 404, bad);
  await app.close();
});
