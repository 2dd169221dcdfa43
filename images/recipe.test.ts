import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { bootloaders } from "./bootloaders/recipe.ts";
import { type SystemRecipe, recipeHash } from "./recipe.ts";

let folder = "";
before(async () => void (folder = await mkdtemp(join(tmpdir(), "rw-recipe-"))));
after(() => rm(folder, { recursive: true }));

async function example(name: string): Promise<SystemRecipe> {
  const files = join(folder, name);
  await mkdir(join(files, "root/etc"), { recursive: true });
  await writeFile(join(files, "root/etc/motd"), "hello\n");
  await writeFile(join(files, "customize"), "#!/bin/sh\n", { mode: 0o755 });
  await mkdir(join(files, "initrd"), { recursive: true });
  await writeFile(join(files, "initrd/make"), "#!/bin/sh\n", { mode: 0o755 });
  return {
    kind: "ephemeral",
    name: "example",
    title: "Example",
    os: "debian",
    release: "12",
    suite: "bookworm",
    packages: ["systemd"],
    excluded: [],
    included: [],
    files,
    outputs: [],
    initrd: join(files, "initrd"),
    agent: true,
  };
}
const inputs = { architecture: "amd64", node: "a".repeat(64) } as const;

test("the same recipe in another folder, at another time, has the same hash", async () => {
  const [one, two] = [await example("one"), await example("two")];
  await utimes(join(two.files, "customize"), new Date(0), new Date(0));
  assert.match(await recipeHash(one, inputs), /^[0-9a-f]{64}$/);
  assert.equal(await recipeHash(one, inputs), await recipeHash(two, inputs));
});

test("everything that changes the image changes the hash", async () => {
  const recipe = await example("changes");
  const seen = new Set([await recipeHash(recipe, inputs)]);
  const differs = async (
    changed: SystemRecipe = recipe,
    given: { architecture: "amd64" | "arm64"; node: string } = inputs,
  ) => {
    const hash = await recipeHash(changed, given);
    assert.ok(!seen.has(hash));
    seen.add(hash);
  };
  await differs({ ...recipe, packages: ["systemd", "curl"] });
  await differs({ ...recipe, excluded: ["/usr/share/man/*"] });
  await differs(recipe, { ...inputs, node: "b".repeat(64) });
  await differs(recipe, { ...inputs, architecture: "arm64" });
  await writeFile(join(recipe.files, "root/etc/motd"), "other\n");
  await differs();
  await chmod(join(recipe.files, "root/etc/motd"), 0o755);
  await differs();
  await symlink("/dev/null", join(recipe.files, "root/etc/link"));
  await differs();
  await writeFile(join(recipe.files, "root/etc/empty"), "");
  await differs();
  await writeFile(join(recipe.initrd, "make"), "#!/bin/sh -e\n");
  await differs();
});

test("Node counts only for images that carry the agent", async () => {
  const plain = { ...(await example("plain")), agent: false };
  const other = { ...inputs, node: "c".repeat(64) };
  assert.equal(await recipeHash(plain, inputs), await recipeHash(plain, other));
  assert.equal(await recipeHash(bootloaders, inputs), await recipeHash(bootloaders, other));
});
