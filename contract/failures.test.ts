import assert from "node:assert/strict";
import { glob, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import { failure } from "./failures.ts";
import { blames, catalogue, makeFailure } from "./failures/index.ts";
import { failuresPage } from "./failures/page.ts";
import { codesOf, listModule, nameOf } from "./failures/sources.ts";

const home = join(import.meta.dirname, "..");
const regenerate = "run: node contract/write-failures.ts";

/** The text of every program of the project, without tests and without the catalogue. */
async function sources(): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const workspaces = "{contract,region,rack,agent,cli,lab,images,web}/**/*.{ts,tsx}";
  for await (const path of glob(workspaces, { cwd: home, exclude: (name) => name === "node_modules" })) {
    const aside = /\.test\.ts$|\/(testing|testdata)\/|\/testing[^/]*\.ts$|\/fixture\.ts$|^contract\/failures\//;
    if (!aside.test(path)) found.set(path, await readFile(join(home, path), "utf8"));
  }
  return found;
}

test("a cause's file, code and constant have one name, and the list holds them all", async () => {
  const files = await readdir(join(import.meta.dirname, "failures"));
  assert.deepEqual(catalogue.map(({ code }) => code).sort(), codesOf(files));
  const list = await readFile(join(import.meta.dirname, "failures", "all.ts"), "utf8");
  assert.equal(list, listModule(files), regenerate);
});

test("the committed page of reference is what the catalogue says", async () => {
  const committed = await readFile(join(home, "docs", "reference", "failures.md"), "utf8");
  assert.equal(committed, failuresPage(catalogue), regenerate);
});

test("every cause says in whole sentences what it means, who is to blame, what proves it and what to do", () => {
  for (const cause of catalogue) {
    assert.ok(blames.includes(cause.blame), cause.code);
    assert.ok(cause.title.length > 10 && !/[.:]$/.test(cause.title), `${cause.code}: title`);
    assert.ok(cause.meaning.length > 40 && cause.meaning.endsWith("."), `${cause.code}: meaning`);
    assert.ok(cause.evidence.endsWith("."), `${cause.code}: evidence`);
    assert.ok(cause.next.length > 10, `${cause.code}: next`);
    failure.parse(makeFailure(cause, "x"));
  }
});

test("every code that is raised is in the catalogue", async () => {
  const known = new Set<string>(catalogue.map(({ code }) => code));
  const unknown: string[] = [];
  for (const [path, text] of await sources()) {
    for (const [, code] of text.matchAll(/\bcode(?:: |=| = )"([a-z][a-z0-9-]*)"/g))
      if (code !== undefined && code !== "custom" && !known.has(code)) unknown.push(`${path}: ${code}`);
  }
  assert.deepEqual(unknown, [], "write contract/failures/<code>.ts, see contract/failures/index.ts");
});

test("every cause of the catalogue is raised somewhere", async () => {
  const texts = [...(await sources()).values()].join("\n");
  const words = new Set(texts.match(/"[a-z][a-z0-9-]*"|\b[a-zA-Z]+\b/g));
  const idle = catalogue.map(({ code }) => code).filter((code) => !words.has(`"${code}"`) && !words.has(nameOf(code)));
  assert.deepEqual(idle, [], "a cause nobody raises: remove it, or raise it");
});

test("every cause has a test that provokes it and names it", async () => {
  const missing: string[] = [];
  for (const { code, test: path } of catalogue) {
    const text = await readFile(join(home, path), "utf8").catch(() => "");
    if (!path.endsWith(".test.ts") || !new RegExp(`["'/]${code}["'/$]|\\b${nameOf(code)}\\b`).test(text))
      missing.push(`${code}: ${path}`);
  }
  assert.deepEqual(missing, []);
});

test("at least thirty causes are provoked by the real thing: packets, programs, processes, PostgreSQL", () => {
  const real = catalogue.filter(({ test: path }) => /\.(large|medium)\.test\.ts$/.test(path));
  assert.ok(real.length >= 30, `${real.length}`);
});

test("a failure keeps to the bounds of its shape whatever a peer says", () => {
  const lines = Array.from({ length: 200 }, () => "x".repeat(5000));
  const [cause] = catalogue;
  assert.ok(cause);
  const made = failure.parse(makeFailure(cause, "y".repeat(9000), lines, "z".repeat(9000)));
  assert.equal(made.evidence.length, 50);
  assert.equal(made.message.length, 2000);
});
