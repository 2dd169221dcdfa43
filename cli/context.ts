import { Option } from "commander";
import type { Command } from "commander";
import { apiClient } from "./client.ts";
import type { ApiClient } from "./client.ts";
import { CliError } from "./errors.ts";
import { adminSocket, placesFrom } from "./places.ts";
import type { Places } from "./places.ts";
import { profileOf, readProfiles } from "./profiles.ts";
import type { Profile } from "./profiles.ts";
import { suggesting } from "./suggestions.ts";
import type { Terminal } from "./terminal.ts";

/** What commands get of the world. */
export interface Context {
  readonly terminal: Terminal;
  readonly environment: NodeJS.ProcessEnv;
  /** Fires on Ctrl-C and SIGTERM. */
  readonly interrupted: AbortSignal;
}

export interface CommonOptions {
  readonly state?: string;
  readonly url?: string;
  readonly apiKey?: string;
  readonly profile?: string;
  readonly json?: boolean;
}

/** Heading of the options that every command has which asks a region; what is its own comes before them. */
export const commonHeading = "Region and form of the answer:";

/** Adds the options that say which region a command speaks to. */
export function withTarget(command: Command): Command {
  return [
    new Option("--state <dir>", "state folder of the region on this host (RACKWRIGHT_STATE)"),
    new Option("--url <url>", "address of a region such as http://10.0.0.1:5240 (RACKWRIGHT_URL)"),
    new Option("--api-key <key>", "API key for --url (RACKWRIGHT_API_KEY)"),
    new Option("--profile <name>", "region that was logged in to (RACKWRIGHT_PROFILE)"),
    new Option("--json", "print JSON instead of text"),
  ].reduce((one, option) => one.addOption(option.helpGroup(commonHeading)), command);
}

/** Adds `--dry-run` to a command whose route can be asked to do nothing and say what it would. */
export function withTrial(command: Command): Command {
  return command.option("--dry-run", "say what would be done, by the same rules, and do nothing");
}

export function placesOf(context: Context, options: CommonOptions): Places {
  return placesFrom(options.state, context.environment);
}

/** The profile the options name, or the one in use where they name no region at all. */
function chosenProfile({ environment }: Context, options: CommonOptions): Profile | null {
  const named =
    options.profile ??
    (options.url === undefined && options.state === undefined ? environment["RACKWRIGHT_PROFILE"] : undefined);
  if (named !== undefined && named !== "") return profileOf(environment, named);
  const elsewhere = options.url ?? options.state ?? environment["RACKWRIGHT_URL"] ?? environment["RACKWRIGHT_STATE"];
  if (elsewhere !== undefined) return null;
  const { current } = readProfiles(environment);
  return current === null ? null : profileOf(environment, current);
}

/** The region the options name, in words. */
export function regionOf(context: Context, options: CommonOptions): string {
  const profile = chosenProfile(context, options);
  if (profile !== null) return profile.url;
  return options.url ?? context.environment["RACKWRIGHT_URL"] ?? `on this host, ${placesOf(context, options).state}`;
}

/**
 * The client for the region the options name: by address, by profile, or the one on this host. It waits a minute by
 * default.
 */
export function clientOf(context: Context, options: CommonOptions, patienceSeconds?: number): ApiClient {
  const profile = chosenProfile(context, options);
  if (profile !== null) {
    const { url, key, certificate } = profile;
    const target = { url, key, ...(certificate !== undefined && { certificate }) };
    return suggesting(apiClient(target, patienceSeconds, context.interrupted));
  }
  const url = options.url ?? context.environment["RACKWRIGHT_URL"];
  if (url === undefined)
    return suggesting(
      apiClient({ socket: adminSocket(placesOf(context, options)) }, patienceSeconds, context.interrupted),
    );
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw new CliError(`--url is '${url}', which is not an address.`, "Give one such as http://10.0.0.1:5240.", 2);
  const key = options.apiKey ?? context.environment["RACKWRIGHT_API_KEY"];
  if (key === undefined) {
    throw new CliError(
      "A region named by --url needs an API key.",
      "Make one with 'rackwright apikey --username NAME' and give it with --api-key or RACKWRIGHT_API_KEY.",
      2,
    );
  }
  return suggesting(apiClient({ url, key }, patienceSeconds, context.interrupted));
}
