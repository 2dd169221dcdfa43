import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { bootloaders } from "./bootloaders/recipe.ts";
import { type BuildOptions, buildImages, recipes } from "./build.ts";
import { confined } from "./command.ts";
import { ImageBuildError } from "./failure.ts";
import { extractLoaders } from "./loaders.ts";
import { type ProcessRunner, hostRunner } from "./process.ts";
import { recipeHash } from "./recipe.ts";
import { readManifest, storeFile, writeManifest } from "./store.ts";
import { installProgress } from "./system.ts";
import { scriptedRunner } from "./testing/fake-runner.ts";

async function optionsFor(context: TestContext, run: ProcessRunner): Promise<BuildOptions> {
  const folder = await mkdtemp(join(tmpdir(), "rw-build-"));
  context.after(() => rm(folder, { recursive: true }));
  const node = join(folder, "node");
  await writeFile(node, "node");
  return {
    store: join(folder, "store"),
    cache: join(folder, "cache"),
    architecture: "amd64",
    run,
    progress: () => {},
    agent: { bundle: node },
    node,
    mirror: "http://mirror.example/debian",
  };
}

const failsWith = (code: string) => (error: unknown) => error instanceof ImageBuildError && error.failure.code === code;

async function addFinished(options: BuildOptions): Promise<void> {
  const file = join(options.cache, "..", "loader");
  await writeFile(file, "loader");
  const { kind, name, title, os, release } = bootloaders;
  await writeManifest(options.store, {
    kind,
    name,
    title,
    os,
    release,
    architecture: "amd64",
    builtAt: "2026-01-02T03:04:05.000Z",
    recipe: await recipeHash(bootloaders, { architecture: "amd64", node: "" }),
    files: [await storeFile(options.store, file, "bootx64.efi")],
  });
}

test("a finished image is used again without running any program", async (context) => {
  const run = scriptedRunner([]);
  const options = { ...(await optionsFor(context, run)), names: ["bootloaders"], verify: "sha256" as const };
  await addFinished(options);
  const started = performance.now();
  const [manifest] = await buildImages(options);
  assert.ok(performance.now() - started < 200);
  assert.equal(manifest?.files[0]?.role, "bootx64.efi");
  assert.deepEqual(run.commands, []);
});

test("a failed build leaves nothing half-built and keeps the image of before", async (context) => {
  const host = hostRunner(process.env);
  const run: ProcessRunner = {
    run: async (command, args, given) => {
      if (command === "setpriv") return { status: 25, lines: ["E: Temporary failure resolving 'mirror.example'"] };
      if (args.some((word) => word.includes("command -v"))) return { status: 0, lines: ["0"] };
      return host.run(command, args, given);
    },
  };
  const options = { ...(await optionsFor(context, run)), names: ["bootloaders"], force: true };
  await addFinished(options);
  const before = await readManifest(options.store, "bootloaders");
  await assert.rejects(
    buildImages(options),
    (error) =>
      error instanceof ImageBuildError &&
      ["image-mirror-unreachable", "image-keyring-missing"].includes(error.failure.code),
  );
  assert.deepEqual(await readManifest(options.store, "bootloaders"), before);
  assert.deepEqual(await readdir(join(options.cache, "work")), []);
});

test("an unknown image is refused with the names there are", async (context) => {
  const options = await optionsFor(context, scriptedRunner([]));
  await assert.rejects(
    buildImages({ ...options, names: ["debian-11"] }),
    (error) =>
      failsWith("image-unknown")(error) &&
      error instanceof ImageBuildError &&
      recipes.every((recipe) => error.failure.next.includes(recipe.name)),
  );
});

test("a missing Node or agent is named before anything is fetched", async (context) => {
  const run = scriptedRunner([[/command -v/, { lines: ["0"] }]]);
  const options = { ...(await optionsFor(context, run)), names: ["ephemeral-debian-12"] };
  const noNode = buildImages({ ...options, node: "/nowhere/node" });
  await assert.rejects(noNode, /Node program .* \/nowhere\/node/);
  await assert.rejects(noNode, failsWith("image-node-missing"));
  const noAgent = buildImages({ ...options, agent: { bundle: "/nowhere/agent.mjs" } });
  await assert.rejects(noAgent, /\/nowhere\/agent\.mjs/);
  await assert.rejects(noAgent, failsWith("image-agent-missing"));
});

test("a build that is stopped says so, and a boot loader that moved is named", async (context) => {
  const stopped = AbortSignal.abort();
  const run = scriptedRunner([[/^setpriv/, { status: null, lines: [] }]]);
  await assert.rejects(confined(run, "testing", ["true"], { signal: stopped }), failsWith("image-build-stopped"));
  const folder = await mkdtemp(join(tmpdir(), "rw-loaders-"));
  context.after(() => rm(folder, { recursive: true }));
  const made = extractLoaders(bootloaders, {
    run: scriptedRunner([[/^setpriv.*mmdebstrap/, { lines: [] }]]),
    source: {
      mirror: "http://mirror.example/debian",
      security: "http://mirror.example/security",
      keyring: "/dev/null",
    },
    archives: join(folder, "archives"),
    work: folder,
    architecture: "amd64",
    agent: { bundle: "/nowhere" },
    node: "/nowhere",
    signal: undefined,
    step: () => undefined,
  });
  await assert.rejects(made, failsWith("image-loader-missing"));
});

test("progress follows both rounds of installing and never goes back", () => {
  const follow = installProgress();
  const round = (count: number): string[] => [
    `0 upgraded, ${count} newly installed, 0 to remove and 0 not upgraded.`,
    ...Array.from({ length: count }, (_, index) => `Unpacking p${index} (1.0) ...`),
    ...Array.from({ length: count }, (_, index) => `Setting up p${index} (1.0) ...`),
  ];
  const again = "0 upgraded, 180 newly installed, 0 to remove and 0 not upgraded.";
  const seen = [...round(90), again, ...round(180)].map((line) => follow(line));
  assert.deepEqual(
    seen,
    [...seen].sort((a, b) => a - b),
  );
  assert.equal(seen.at(-1), 1);
});
