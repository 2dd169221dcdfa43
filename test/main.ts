import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { add, closingLine, countsOf, none } from "./counts.ts";
import type { Counts } from "./counts.ts";
import { filesOf, groupNames } from "./groups.ts";
import type { GroupName } from "./groups.ts";

const home = dirname(import.meta.dirname);
const help = `Usage: rackwright test [group or part of a file name ...]

Groups: static (types, lint, format), unit, medium (PostgreSQL), large (namespaces, foreign programs, QEMU), clients
(foreign client libraries, from the Python package index). Without arguments everything but clients runs. The last line says how many tests passed and failed; with --json it is one object.`;

function run(argv: readonly string[]): Promise<number> {
  const [program = "", ...rest] = argv;
  return new Promise((resolve) => {
    const path = `${join(home, "node_modules", ".bin")}:${process.env["PATH"] ?? ""}`;
    const child = spawn(program, rest, {
      cwd: home,
      stdio: ["ignore", "inherit", "inherit"],
      env: { ...process.env, PATH: path },
    });
    child.on("error", () => resolve(127));
    child.on("close", (code) => resolve(code ?? 1));
  });
}

async function staticChecks(): Promise<Counts> {
  let counts = none;
  for (const argv of [
    ["tsc", "-b"],
    ["oxlint", "--type-aware", "--deny-warnings"],
    ["oxfmt", "--check", "."],
  ]) {
    console.log(`\n=== ${argv.join(" ")}`);
    const ok = (await run(argv)) === 0;
    counts = add(counts, { passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: 0 });
  }
  return counts;
}

async function nodeTests(
  title: string,
  files: readonly string[],
  { scratch, atOnce }: { scratch: string; atOnce: number },
): Promise<Counts> {
  if (files.length === 0) return none;
  console.log(`\n=== ${title}: ${files.length} files`);
  const report = join(await mkdtemp(join(scratch, "run-")), "report.tap");
  await run([
    process.execPath,
    "--disable-warning=ExperimentalWarning",
    "--test",
    `--test-concurrency=${atOnce}`,
    "--test-timeout=1200000",
    "--test-reporter=spec",
    "--test-reporter-destination=stdout",
    "--test-reporter=tap",
    `--test-reporter-destination=${report}`,
    ...files,
  ]);
  return countsOf(await readFile(report, "utf8").catch(() => ""));
}

const json = process.argv.includes("--json");
const wanted = process.argv.slice(2).filter((word) => word !== "--json");
if (wanted.includes("--help") || wanted.includes("-h")) {
  console.log(help);
  process.exit(0);
}
const groups = groupNames.filter((name) => wanted.includes(name));
const parts = wanted.filter((word) => !groupNames.some((name) => name === word));
if (parts.length > 0) {
  const files = (
    await Promise.all(groupNames.flatMap((name) => (name === "static" ? [] : [filesOf(home, name)])))
  ).flat();
  const stranger = parts.find((part) => !files.some((file) => file.includes(part)));
  if (stranger !== undefined) {
    console.error(`rackwright: there is no group or test file '${stranger}'; the groups are ${groupNames.join(", ")}.`);
    process.exit(2);
  }
}
const scratch = await mkdtemp(join(tmpdir(), "rackwright-test-"));
const wants = (group: GroupName): boolean => (groups.length === 0 ? group !== "clients" : groups.includes(group));
const filesFor = async (group: Exclude<GroupName, "static">): Promise<string[]> =>
  wants(group)
    ? (await filesOf(home, group)).filter((file) => parts.length === 0 || parts.some((part) => file.includes(part)))
    : [];
const large = await filesFor("large");
const below = (...starts: string[]): string[] =>
  large.filter((file) => starts.some((start) => file.startsWith(join(home, start))));
const images = below("images/images.large");
const onImages = below("test/wrong/out-of-memory.large", "test/road/road.large");
const lives = below("test/road/").filter((file) => !onImages.includes(file));
const others = large.filter((file) => ![...images, ...lives, ...onImages].includes(file));

// Images take minutes to build, much of it waiting, and whole lives of virtual machines need them; everything else is
// done beside. Unit tests wait for the lives, so that both lanes take about as long.
const built = Promise.withResolvers<void>();
async function machineLane(): Promise<Counts> {
  let counts = await nodeTests("large, building the images", images, { scratch, atOnce: 1 });
  built.resolve();
  counts = add(counts, await nodeTests("large, whole lives", lives, { scratch, atOnce: 1 }));
  return add(counts, await nodeTests("unit", await filesFor("unit"), { scratch, atOnce: 2 }));
}
async function otherLane(): Promise<Counts> {
  let counts = wants("static") && parts.length === 0 ? await staticChecks() : none;
  counts = add(counts, await nodeTests("medium", await filesFor("medium"), { scratch, atOnce: 2 }));
  counts = add(counts, await nodeTests("large", others, { scratch, atOnce: 1 }));
  await built.promise;
  return add(counts, await nodeTests("large, with the images", onImages, { scratch, atOnce: 1 }));
}
let counts = none;
for (const lane of await Promise.all([machineLane(), otherLane()])) counts = add(counts, lane);
counts = add(counts, await nodeTests("clients", await filesFor("clients"), { scratch, atOnce: 1 }));
await rm(scratch, { recursive: true, force: true });
console.log(json ? JSON.stringify(counts) : `\n${closingLine(counts)}`);
process.exitCode = counts.failed > 0 || counts.passed === 0 ? 1 : 0;
