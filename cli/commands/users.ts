import { randomBytes } from "node:crypto";
import type { Command } from "commander";
import { tokenCreated, user } from "@rackwright/contract";
import { clientOf, withTarget } from "../context.ts";
import type { CommonOptions, Context } from "../context.ts";
import { CliError } from "../errors.ts";

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
}
