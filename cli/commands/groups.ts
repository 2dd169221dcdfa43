import type { Command } from "commander";
import { type GroupGrant, group, groupDetail, groupGrant } from "@rackwright/contract";
import { z } from "zod";
import { clientOf, withTarget } from "../context.ts";
import type { CommonOptions, Context } from "../context.ts";
import { CliError } from "../errors.ts";
import { type Listing, emptyOf, listingPath, withListing } from "../listing.ts";
import { collect } from "../options.ts";
import { showList } from "../terminal.ts";
import { counted } from "../words.ts";

const pathOf = (name: string): string => `/api/v1/groups/${encodeURIComponent(name)}`;

/** A role as it is written: `operator`, or `operator:POOL` for one resource pool. @throws CliError */
export function roleFrom(text: string): GroupGrant {
  const [role = "", ...pool] = text.split(":");
  const read = groupGrant.safeParse({ role, pool: pool.length === 0 ? null : pool.join(":") });
  if (read.success) return read.data;
  throw new CliError(
    `--role '${text}' is none.`,
    "Give operator, user or auditor, or of one resource pool operator:POOL; a group may be administrator, too.",
    2,
  );
}

/** Roles as they are written. */
export const roleWords = (grants: readonly GroupGrant[]): string =>
  grants.map(({ role, pool }) => (pool === null ? role : `${role}:${pool}`)).join(", ");

/** `rackwright groups …`: people who have roles together. */
export function groupsCommand(program: Command, context: Context): void {
  const groups = program.command("groups").description("groups of users, who have the roles of the group");
  const print = (line: string): void => context.terminal.print(line);
  const role = [
    "--role <role>",
    "operator, user, auditor or administrator; operator:POOL for one pool; repeatable",
  ] as const;

  withTarget(withListing(groups.command("list").description("groups, their roles and how many are in them"))).action(
    async (options: CommonOptions & Listing) => {
      const all = await Array.fromAsync(clientOf(context, options).all(listingPath("/api/v1/groups", options), group));
      if (options.json) return print(JSON.stringify(all));
      const rows = all.map((one) => [one.name, roleWords(one.grants), String(one.members), one.description]);
      showList(context.terminal, ["group", "roles", "members", "description"], rows, emptyOf(options, "No group yet."));
    },
  );
  withTarget(groups.command("show <name>").description("a group with its members")).action(
    async (name: string, options: CommonOptions) => {
      const found = await clientOf(context, options).get(pathOf(name), groupDetail);
      if (options.json) return print(JSON.stringify(found));
      print(`${found.name}: ${roleWords(found.grants) || "no role"}`);
      for (const username of found.usernames) print(`  ${username}`);
    },
  );
  withTarget(groups.command("create <name>").description("make a group"))
    .option(...role, collect, [])
    .option("--description <text>", "what it is for")
    .action(async (name: string, options: CommonOptions & { role: string[]; description?: string }) => {
      const { description = "" } = options;
      const body = { name, description, grants: options.role.map(roleFrom) };
      const made = await clientOf(context, options).send("POST", "/api/v1/groups", body, groupDetail);
      print(options.json ? JSON.stringify(made) : `Group ${name} is made: ${roleWords(made.grants) || "no role"}.`);
    });
  withTarget(groups.command("update <name>").description("change the roles of a group, which replace its former ones"))
    .option(...role, collect, [])
    .option("--description <text>", "what it is for")
    .action(async (name: string, options: CommonOptions & { role: string[]; description?: string }) => {
      const { description } = options;
      if (options.role.length === 0 && description === undefined)
        throw new CliError("Nothing is given to change.", "Give --role or --description.", 2);
      const body = {
        ...(description !== undefined && { description }),
        ...(options.role.length > 0 && { grants: options.role.map(roleFrom) }),
      };
      const changed = await clientOf(context, options).send("PATCH", pathOf(name), body, groupDetail);
      print(options.json ? JSON.stringify(changed) : `Group ${name}: ${roleWords(changed.grants) || "no role"}.`);
    });
  for (const [verb, field, description] of [
    ["add", "add", "take users into a group"],
    ["remove", "remove", "take users out of a group"],
  ] as const)
    withTarget(groups.command(`${verb} <name> <username...>`).description(description)).action(
      async (name: string, usernames: string[], options: CommonOptions) => {
        const client = clientOf(context, options);
        const changed = await client.send("POST", `${pathOf(name)}/members`, { [field]: usernames }, groupDetail);
        print(options.json ? JSON.stringify(changed) : `Group ${name} has ${counted(changed.members, "member")}.`);
      },
    );
  withTarget(groups.command("delete <name>").description("delete a group; its members stay")).action(
    async (name: string, options: CommonOptions) => {
      await clientOf(context, options).send("DELETE", pathOf(name), undefined, z.unknown());
      if (!options.json) print(`Group ${name} is deleted.`);
    },
  );
}
