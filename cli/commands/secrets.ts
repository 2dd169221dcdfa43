import type { Command } from "commander";
import { secretsRotated } from "@rackwright/contract";
import { clientOf, withTarget } from "../context.ts";
import type { CommonOptions, Context } from "../context.ts";

/** `rackwright secrets rotate`: a new key for the passwords and secrets in the database. */
export function secretsCommand(program: Command, context: Context): void {
  const secrets = program.command("secrets").description("the key that seals passwords and secrets in the database");
  withTarget(secrets.command("rotate").description("make a new key, and seal everything with it"))
    .option("--forget-former", "delete the former keys: backups of the database from before cannot be read any more")
    .action(async (options: CommonOptions & { forgetFormer?: boolean }) => {
      const body = { forget_former: options.forgetFormer ?? false };
      const done = await clientOf(context, options).send("POST", "/api/v1/secrets/rotate", body, secretsRotated);
      if (options.json) return context.terminal.print(JSON.stringify(done));
      const forgotten = done.forgotten > 0 ? ` ${done.forgotten} former keys are deleted.` : "";
      context.terminal.print(`${done.sealed} secrets are sealed with the new key ${done.current}.${forgotten}`);
      context.terminal.say("Back up the key file: without it the database's secrets are lost.");
    });
}
