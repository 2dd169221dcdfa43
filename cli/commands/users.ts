import { randomBytes } from "node:crypto";
import type { Command } from "commander";
import { token, tokenCreated, user } from "@rackwright/contract";
import { z } from "zod";
import { clientOf, withTarget } from "../context.ts";
import type { CommonOptions, Context } from "../context.ts";
import { CliError } from "../errors.ts";
import { type Listing, emptyOf, listingPath, withListing } from "../listing.ts";
import { collect } from "../options.ts";
import { roleFrom, roleWords } from "./groups.ts";
import { showList } from "../terminal.ts";
import { moment } from "../words.ts";

/** `rackwright createadmin` and `rackwright apikey`: the first person and their key. */
export function userCommands(program: Command, context: Context): void {
  withTarget(program.command("createadmin").description("make an administrator who can sign in"))
    .requiredOption("--username <name>", "name to sign in with")
    .option(
      "--password <password>",
      "password of 8 characters or more; one is made up when absent (RACKWRIGHT_PASSWORD)",
    )
    .action(async (options: CommonOptions & { username: string; password?: string }) => {
      const given = options.password ?? context.environment["RACKWRIGHT_PASSWORD"];
      const password = given ?? randomBytes(12).toString("base64url");
      const made = await clientOf(context, options).send(
        "POST",
        "/api/v1/users",
        { username: options.username, password, administrator: true },
        user,
      );
      if (options.json) context.terminal.print(JSON.stringify(given === undefined ? { ...made, password } : made));
      else
        context.terminal.print(
          given === undefined
            ? `${made.username} can sign in with the password ${password}`
            : `${made.username} can sign in.`,
        );
    });

  withTarget(program.command("apikey").description("make an API key, in the form consumer:token:secret"))
    .requiredOption("--username <name>", "user the key acts for")
    .option("--name <text>", "what the key is for", "command line")
    .action(async (options: CommonOptions & { username: string; name: string }) => {
      if (options.username === "") throw new CliError("--username is empty.", "Name the user the key acts for.", 2);
      const made = await clientOf(context, options).send(
        "POST",
        `/api/v1/users/${encodeURIComponent(options.username)}/tokens`,
        { name: options.name },
        tokenCreated,
      );
      context.terminal.print(options.json ? JSON.stringify(made) : made.key);
    });

  manageUsers(program, context);
}

type User = z.infer<typeof user>;
type UserOptions = CommonOptions & {
  password?: string;
  administrator?: boolean;
  role: string[];
  email?: string;
  fullName?: string;
};
const role = [
  "--role <role>",
  "operator, user or auditor; operator:POOL for one pool; repeatable; replaces former ones",
] as const;
const pathOf = (name: string): string => `/api/v1/users/${encodeURIComponent(name)}`;
const withPerson = (command: Command): Command =>
  command
    .option("--email <address>", "e-mail address; '' for none")
    .option("--full-name <text>", "name of the person; '' for none");
const personOf = ({ email, fullName }: UserOptions): Record<string, string> => ({
  ...(email !== undefined && { email }),
  ...(fullName !== undefined && { full_name: fullName }),
});

/** `rackwright users …`: who may use the region, and their API keys. */
function manageUsers(program: Command, context: Context): void {
  const users = program.command("users").description("who may sign in, and their API keys");
  const print = (line: string): void => context.terminal.print(line);
  const show = (options: CommonOptions & Listing, all: readonly User[]): void => {
    if (options.json) return print(JSON.stringify(all));
    const rows = all.map((one) => [
      one.username,
      [one.administrator ? "administrator" : roleWords(one.grants), one.locked_until === null ? "" : "locked out"]
        .filter((word) => word !== "")
        .join(", "),
      one.groups.join(", "),
      moment(one.created_at),
    ]);
    showList(
      context.terminal,
      ["username", "rights", "groups", "since"],
      rows,
      emptyOf(options, "No user yet: see 'rackwright createadmin'."),
    );
  };
  const password = ["--password <password>", "password of 8 characters or more (RACKWRIGHT_PASSWORD)"] as const;
  const passwordOf = (given: string | undefined): string | undefined =>
    given ?? context.environment["RACKWRIGHT_PASSWORD"];

  const list = withTarget(withListing(users.command("list").description("users and their rights")));
  list.action(async (options: CommonOptions & Listing) => {
    const path = listingPath("/api/v1/users", options);
    show(options, await Array.fromAsync(clientOf(context, options).all(path, user)));
  });
  withPerson(withTarget(users.command("create <username>").description("make a user who can sign in")))
    .option(...password)
    .option("--administrator", "who may do everything")
    .option(...role, collect, [])
    .action(async (username: string, options: UserOptions) => {
      const given = passwordOf(options.password);
      const secret = given ?? randomBytes(12).toString("base64url");
      const grants = options.role.map(roleFrom);
      const body = {
        username,
        password: secret,
        administrator: options.administrator ?? false,
        ...(grants.length > 0 && { grants }),
        ...personOf(options),
      };
      const made = await clientOf(context, options).send("POST", "/api/v1/users", body, user);
      if (options.json) print(JSON.stringify(given === undefined ? { ...made, password: secret } : made));
      else print(`${username} can sign in${given === undefined ? ` with the password ${secret}` : "."}`);
    });
  withPerson(withTarget(users.command("update <username>").description("change a user's password, rights or name")))
    .option(...password)
    .option("--administrator", "who may do everything from now on")
    .option("--no-administrator", "a user like others from now on")
    .option(...role, collect, [])
    .action(async (username: string, options: UserOptions) => {
      const secret = passwordOf(options.password);
      const { administrator } = options;
      const body = {
        ...(secret !== undefined && { password: secret }),
        ...(administrator !== undefined && { administrator }),
        ...(options.role.length > 0 && { grants: options.role.map(roleFrom) }),
        ...personOf(options),
      };
      if (Object.keys(body).length === 0)
        throw new CliError(
          "Nothing is given to change.",
          "Give --password, --role, --administrator, --no-administrator, --email or --full-name.",
          2,
        );
      show(options, [await clientOf(context, options).send("PATCH", pathOf(username), body, user)]);
    });
  withTarget(users.command("unlock <username>").description("let a user sign in again after too many attempts")).action(
    async (username: string, options: CommonOptions) => {
      const found = await clientOf(context, options).send("POST", `${pathOf(username)}/unlock`, undefined, user);
      print(options.json ? JSON.stringify(found) : `${username} can sign in again.`);
    },
  );
  withTarget(users.command("delete <username>").description("delete a user with their API and SSH keys")).action(
    async (username: string, options: CommonOptions) => {
      await clientOf(context, options).send("DELETE", pathOf(username), undefined, z.unknown());
      if (!options.json) print(`${username} is deleted.`);
    },
  );
  const keys = users.command("keys <username>").description("a user's API keys, without their secrets");
  withTarget(withListing(keys)).action(async (username: string, options: CommonOptions & Listing) => {
    const path = listingPath(`${pathOf(username)}/tokens`, options);
    const found = await Array.fromAsync(clientOf(context, options).all(path, token));
    if (options.json) return print(JSON.stringify(found));
    const rows = found.map((one) => [
      one.id,
      one.name,
      moment(one.created_at),
      one.last_used_at === null ? "never" : moment(one.last_used_at),
    ]);
    const empty = `${username} has no API key: 'rackwright apikey --username ${username}' makes one.`;
    showList(context.terminal, ["key", "name", "made", "last used"], rows, emptyOf(options, empty));
  });
  withTarget(users.command("delete-key <username> <key>").description("make an API key worthless")).action(
    async (username: string, key: string, options: CommonOptions) => {
      const path = `${pathOf(username)}/tokens/${encodeURIComponent(key)}`;
      await clientOf(context, options).send("DELETE", path, undefined, z.unknown());
      if (!options.json) print(`The key ${key} of ${username} is deleted.`);
    },
  );
}
