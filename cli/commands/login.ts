import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import type { Command } from "commander";
import { z } from "zod";
import { showAnswer } from "../api/show.ts";
import { certificateBy } from "../certificate.ts";
import { apiClient, logIn } from "../client.ts";
import { clientOf, regionOf, withTarget } from "../context.ts";
import type { CommonOptions, Context } from "../context.ts";
import { CliError } from "../errors.ts";
import { profileOf, readProfiles, writeProfiles } from "../profiles.ts";
import { showList } from "../terminal.ts";

type LoginOptions = {
  url: string;
  apiKey?: string;
  username?: string;
  password?: string;
  certificate?: string;
  fingerprint?: string;
};

const self = z.looseObject({ username: z.string() });

/** `rackwright login`, `logout` and `profiles`: regions elsewhere, by name. */
export function loginCommands(program: Command, context: Context): void {
  const { environment, terminal } = context;

  program
    .command("login <profile>")
    .description("keep a region's address and a key under a name; commands speak to it from now on")
    .requiredOption("--url <url>", "address of the region, such as https://10.0.0.1:5240")
    .option("--api-key <key>", "API key (RACKWRIGHT_API_KEY)")
    .option("--username <name>", "make an API key as this user")
    .option("--password <password>", "password of --username (RACKWRIGHT_PASSWORD)")
    .option("--certificate <file>", "certificate of the region or its authority, in PEM")
    .option("--fingerprint <sha256>", "trust the certificate that has this fingerprint, as the region prints it")
    .action(async (name: string, options: LoginOptions) => {
      const url = addressOf(options.url);
      const certificate = await certificateOf(url, options);
      const pinned = certificate === undefined ? {} : { certificate };
      const key = await keyOf(context, { url: url.href, ...pinned }, options);
      const who = await apiClient({ url: url.href, key, ...pinned }).get("/api/v1/self", self);
      const { profiles } = readProfiles(environment);
      writeProfiles(environment, {
        current: name,
        profiles: { ...profiles, [name]: { url: url.href, key, ...pinned } },
      });
      const other = ["RACKWRIGHT_URL", "RACKWRIGHT_STATE", "RACKWRIGHT_PROFILE"].find((one) => environment[one]);
      terminal.print(
        other === undefined
          ? `Commands speak to ${url.href} as ${who.username} from now on; 'rackwright logout ${name}' ends it.`
          : `${url.href} is known as ${name}, as ${who.username}; commands speak to it with --profile ${name}, since ${other} is set and goes before.`,
      );
    });

  withTarget(program.command("whoami").description("which region commands speak to, and as whom")).action(
    async (options: CommonOptions) => {
      const found = await clientOf(context, options).get("/api/v1/self", self);
      if (options.json) terminal.print(JSON.stringify(found));
      else showAnswer(terminal, { region: regionOf(context, options), ...found });
    },
  );

  program
    .command("logout [profile]")
    .description("forget a profile, by default the one in use; its API key stays valid until it is deleted")
    .action((name: string | undefined) => {
      const { current, profiles } = readProfiles(environment);
      const wanted = name ?? current;
      if (wanted === null) throw new CliError("No profile is in use.", "'rackwright profiles' lists them.", 2);
      profileOf(environment, wanted);
      const rest = Object.fromEntries(Object.entries(profiles).filter(([one]) => one !== wanted));
      writeProfiles(environment, { current: current === wanted ? null : current, profiles: rest });
      terminal.print(`${wanted} is forgotten. Delete its key with 'rackwright users delete-key' where it shall end.`);
    });

  program
    .command("profiles [use]")
    .description("regions that were logged in to; with a name, commands speak to that one from now on")
    .option("--json", "print JSON instead of text")
    .action((use: string | undefined, options: { json?: boolean }) => {
      const before = readProfiles(environment);
      if (use !== undefined) profileOf(environment, use);
      const known = use === undefined ? before : { ...before, current: use };
      if (use !== undefined) writeProfiles(environment, known);
      const rows = Object.entries(known.profiles).map(([one, { url }]) => ({
        name: one,
        url,
        used: one === known.current,
      }));
      if (options.json) return terminal.print(JSON.stringify(rows));
      const cells = rows.map((row) => [row.used ? "*" : "", row.name, row.url]);
      showList(terminal, ["", "profile", "region"], cells, "No profile: see 'rackwright login --help'.");
    });
}

function addressOf(text: string): URL {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return new URL(text);
  throw new CliError(`--url is '${text}', which is not an address.`, "Give one such as https://10.0.0.1:5240.", 2);
}

async function certificateOf(url: URL, { certificate, fingerprint }: LoginOptions): Promise<string | undefined> {
  if (fingerprint !== undefined) return certificateBy(url, fingerprint);
  if (certificate === undefined) return undefined;
  try {
    return readFileSync(certificate, "utf8");
  } catch (error) {
    throw new CliError(
      `${certificate} cannot be read: ${error instanceof Error ? error.message : ""}`,
      "Look at the path.",
      2,
    );
  }
}

async function keyOf(
  { environment }: Context,
  region: { url: string; certificate?: string },
  { apiKey, username, password }: LoginOptions,
): Promise<string> {
  const key = apiKey ?? (username === undefined ? environment["RACKWRIGHT_API_KEY"] : undefined);
  if (key !== undefined) return key;
  const secret = password ?? environment["RACKWRIGHT_PASSWORD"];
  if (username === undefined || secret === undefined)
    throw new CliError(
      "Neither a key nor a user with a password is given.",
      "Give --api-key, or --username and --password.",
      2,
    );
  return logIn(region, { username, password: secret, name: `command line on ${hostname()}` });
}
