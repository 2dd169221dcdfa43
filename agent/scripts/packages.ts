import { basename, join } from "node:path";
import type { ScriptPackages } from "@rackwright/contract";
import { lastLines } from "../failure.ts";
import type { RunResult, World } from "../world.ts";

/** What a script needs could not be installed. `evidence` are the last lines of the program that failed. */
export class PackagesFailed extends Error {
  readonly evidence: readonly string[];

  constructor(message: string, evidence: readonly string[]) {
    super(message);
    this.evidence = evidence;
  }
}

/** Installs what scripts need, one after the other: dpkg takes no two at once. */
export interface Installer {
  /** Whether there is anything to install. */
  lacks(packages: ScriptPackages): Promise<boolean>;
  /** @throws PackagesFailed */
  install(packages: ScriptPackages, folder: string): Promise<void>;
}

const apt = [
  "env",
  "DEBIAN_FRONTEND=noninteractive",
  "apt-get",
  "--quiet",
  "--yes",
  "--no-install-recommends",
  "-o",
  "Acquire::http::Timeout=30",
  "-o",
  "Acquire::Retries=2",
  "-o",
  "DPkg::Lock::Timeout=120",
];
const largestDownload = 2 ** 30;
const archive = /\.(tar|tgz|tbz2?|txz|tar\.(gz|bz2|xz|zst))$/;

/** An installer for this machine. Package lists are fetched once, and only when something is missing. */
export function packageInstaller(world: World): Installer {
  let last: Promise<unknown> = Promise.resolve();
  let updated = false;

  const must = async (what: string, argv: readonly string[], timeoutSeconds: number): Promise<RunResult> => {
    const result = await world.run(argv, { timeoutSeconds });
    if (result.status === 0) return result;
    const how = result.timedOut ? `took longer than ${timeoutSeconds} s` : `ended with status ${result.status}`;
    const lines = [...lastLines(result.output, 10), ...lastLines(result.error, 20)];
    throw new PackagesFailed(`${what} failed: ${argv.find((word) => !/^env$|=/.test(word))} ${how}.`, lines);
  };
  const update = async (): Promise<void> => {
    if (updated) return;
    await must("Fetching the lists of packages", [...apt, "update"], 600);
    updated = true;
  };
  const missingOf = async (names: readonly string[]): Promise<string[]> => {
    if (names.length === 0) return [];
    const argv = ["dpkg-query", "--show", "--showformat=${db:Status-Status} ${Package}\\n", "--", ...names];
    const { output } = await world.run(argv, { timeoutSeconds: 60 });
    return names.filter((name) => !output.split("\n").includes(`installed ${name}`));
  };
  const debian = async (names: readonly string[]): Promise<void> => {
    const missing = await missingOf(names);
    if (missing.length === 0) return;
    await update();
    await must(`Installing ${missing.join(", ")}`.slice(0, 500), [...apt, "install", "--", ...missing], 1800);
  };
  const snaps = async (wanted: ScriptPackages["snap"]): Promise<void> => {
    if (wanted.length === 0) return;
    await debian(["snapd"]);
    for (const { name, channel, mode } of wanted) {
      if (!/^[a-z0-9][a-z0-9-]*$/i.test(name)) throw new PackagesFailed(`'${name}' is no name of a snap.`, []);
      const options = [...(channel === undefined ? [] : [`--channel=${channel}`]), ...(mode ? [`--${mode}`] : [])];
      await must(`Installing the snap ${name}`, ["snap", "install", name, ...options], 1800);
    }
  };
  const fetched = async (url: string, folder: string): Promise<void> => {
    const file = join(folder, fileName(url));
    const bounds = ["--max-time", "1800", "--speed-limit", "1024", "--speed-time", "60", "--retry", "2"];
    const curl = ["curl", "--silent", "--show-error", "--fail", "--location", "--proto", "=http,https,ftp", ...bounds];
    // curl itself knows the size of a file only where the server says it.
    const argv = ["prlimit", `--fsize=${largestDownload}`, "--", ...curl, "--output", file, "--", url];
    await must(`Fetching ${url}`.slice(0, 500), argv, 2000);
    if (archive.test(file))
      await must(`Unpacking ${basename(file)}`, ["tar", "--no-same-owner", "-C", folder, "-xf", file], 1800);
    if (file.endsWith(".zip"))
      await must(`Unpacking ${basename(file)}`, ["unzip", "-q", "-o", file, "-d", folder], 1800);
    if (file.endsWith(".deb")) {
      await update();
      await must(`Installing ${basename(file)}`, [...apt, "install", file], 1800);
    }
  };

  return {
    lacks: async ({ apt: names, snap, url }) => snap.length + url.length > 0 || (await missingOf(names)).length > 0,
    install: (packages, folder) => {
      const all = async (): Promise<void> => {
        await debian(packages.apt);
        await snaps(packages.snap);
        for (const url of packages.url) await fetched(url, folder);
      };
      const work = last.then(all);
      last = work.catch(() => undefined);
      return work;
    },
  };
}

/** The name a download is kept under: the last part of the address, without what a shell or path could misread. */
export function fileName(url: string): string {
  const last = URL.canParse(url) ? (new URL(url).pathname.split("/").pop() ?? "") : "";
  const safe = decodeURIComponentOr(last)
    .replaceAll(/[^A-Za-z0-9._+-]/g, "_")
    .replace(/^[.-]+/, "");
  return safe === "" ? "download" : safe.slice(-200);
}

function decodeURIComponentOr(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
