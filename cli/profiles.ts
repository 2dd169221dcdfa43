import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { nearest } from "@rackwright/contract";
import { z } from "zod";
import { CliError } from "./errors.ts";

/** A region somebody logged in to: its address, a key, and its certificate where no authority vouches for it. */
const profile = z.strictObject({ url: z.string(), key: z.string(), certificate: z.string().optional() });
export type Profile = z.infer<typeof profile>;

const file = z.strictObject({ current: z.string().nullable(), profiles: z.record(z.string(), profile) });
export type Profiles = z.infer<typeof file>;

/** Where the profiles are kept (XDG Base Directory Specification). */
export function profilesFile(environment: NodeJS.ProcessEnv): string {
  const home = environment["HOME"] ?? homedir();
  return join(environment["XDG_CONFIG_HOME"] || join(home, ".config"), "rackwright", "profiles.json");
}

/** @throws CliError where the file is not as this program writes it */
export function readProfiles(environment: NodeJS.ProcessEnv): Profiles {
  const path = profilesFile(environment);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { current: null, profiles: {} };
    throw new CliError(
      `${path} cannot be read: ${error instanceof Error ? error.message : ""}.`,
      "Look at its rights.",
      2,
    );
  }
  try {
    return file.parse(JSON.parse(text));
  } catch {
    throw new CliError(`${path} is damaged.`, "Delete it, and log in again with 'rackwright login'.", 2);
  }
}

/** Writes the profiles for their owner alone, as a whole or not at all. */
export function writeProfiles(environment: NodeJS.ProcessEnv, profiles: Profiles): void {
  const path = profilesFile(environment);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(`${path}.new`, `${JSON.stringify(profiles, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

/** @throws CliError naming the nearest one */
export function profileOf(environment: NodeJS.ProcessEnv, name: string): Profile {
  const { profiles } = readProfiles(environment);
  const found = Object.hasOwn(profiles, name) ? profiles[name] : undefined;
  if (found !== undefined) return found;
  const near = nearest(name, Object.keys(profiles));
  const advice = "'rackwright profiles' lists them, 'rackwright login' makes one.";
  throw new CliError(
    `There is no profile '${name}'.`,
    near === undefined ? advice : `Did you mean ${near}? ${advice}`,
    2,
  );
}
