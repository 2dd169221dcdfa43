import { execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const home = join(import.meta.dirname, "../..");

/**
 * A Python with the client libraries of `requirements.txt`, under the build folder; made anew when the list changes.
 * Needs Debian's python3-venv, and the Python package index the first time.
 */
export async function clientPython(): Promise<string> {
  const folder = join(home, "build/clients");
  const requirements = join(import.meta.dirname, "requirements.txt");
  const wanted = createHash("sha256")
    .update(await readFile(requirements))
    .digest("hex");
  const stamp = join(folder, "requirements");
  if ((await readFile(stamp, "utf8").catch(() => "")) !== wanted) {
    await rm(folder, { recursive: true, force: true });
    await run("python3", ["-m", "venv", folder]);
    await run(join(folder, "bin/pip"), ["install", "--quiet", "--disable-pip-version-check", "-r", requirements]);
    await writeFile(stamp, wanted);
  }
  return join(folder, "bin/python");
}

/**
 * Runs a script that prints one line of JSON for each thing it saw; gives them with `told`. @throws Error with what it
 * said when it fails
 */
export async function runScript(
  script: string,
  args: readonly string[],
  told: (line: string) => void = () => undefined,
): Promise<Record<string, unknown>> {
  const python = await clientPython();
  const child = spawn(python, [join(import.meta.dirname, script), ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const kept = { output: "", error: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    kept.output += text;
    told(text.trimEnd());
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => void (kept.error += text));
  const status = await new Promise<number>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve(code ?? 137));
  });
  if (status !== 0) throw new Error(`${script} ended with ${status}:\n${kept.output}\n${kept.error}`);
  const lines = kept.output.trim().split("\n");
  return Object.assign({}, ...lines.map((line) => JSON.parse(line) as object)) as Record<string, unknown>;
}
