import { createHash } from "node:crypto";
import { copyFile, mkdir, readdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

interface Bundle {
  readonly input: string;
  readonly output: string;
  /** Folders whose sources go into it. */
  readonly folders: readonly string[];
  readonly platform: "node" | "browser";
  /** Files copied beside the output as they are. */
  readonly assets: readonly string[];
}

const agent: Bundle = {
  input: "agent/main.ts",
  output: "build/agent/agent.mjs",
  folders: ["agent", "contract"],
  platform: "node",
  assets: [],
};
const web: Bundle = {
  input: "web/main.tsx",
  output: "build/web/main.js",
  folders: ["web", "contract"],
  platform: "browser",
  assets: ["web/index.html", "web/style.css", "web/icon.svg"],
};

async function sources(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && !entry.name.includes(".test."))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.includes("node_modules"))
    .sort();
}

async function makeBundle(home: string, bundle: Bundle): Promise<string> {
  const file = join(home, bundle.output);
  const stamp = `${file}.stamp`;
  const hash = createHash("sha256");
  const folders = await Promise.all(bundle.folders.map((folder) => sources(join(home, folder))));
  for (const source of [...folders.flat(), join(home, "package-lock.json")]) hash.update(await readFile(source));
  const wanted = hash.digest("hex");
  const present = await readFile(stamp, "utf8").catch(() => "");
  if (present === wanted && (await stat(file).catch(() => null))) return file;
  await mkdir(dirname(file), { recursive: true });
  const draft = `${file}.${process.pid}.new`;
  const { rolldown } = await import("rolldown");
  const result = await rolldown({
    input: join(home, bundle.input),
    platform: bundle.platform,
    cwd: home,
    logLevel: "warn",
    transform: { define: { "process.env.NODE_ENV": '"production"' } },
  });
  await result.write({ file: draft, format: "esm", minify: true });
  await result.close();
  await rename(draft, file);
  for (const asset of bundle.assets)
    await copyFile(join(home, asset), join(dirname(file), asset.split("/").pop() ?? ""));
  await writeFile(stamp, wanted);
  return file;
}

/** Makes the agent's one file of JavaScript where its sources changed; returns its path. */
export const buildAgent = (home: string): Promise<string> => makeBundle(home, agent);

/** Makes the page's files where its sources changed; returns their folder. */
export const buildWeb = async (home: string): Promise<string> => dirname(await makeBundle(home, web));
