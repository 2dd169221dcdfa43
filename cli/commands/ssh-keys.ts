import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import { pageOf, sshKey } from "@rackwright/contract";
import { z } from "zod";
import { clientOf, withTarget } from "../context.ts";
import type { CommonOptions, Context } from "../context.ts";
import { CliError } from "../errors.ts";
import { type Listing, emptyOf, listingPath, withListing } from "../listing.ts";
import { count } from "../options.ts";
import { showList } from "../terminal.ts";
import { moment } from "../words.ts";

const path = "/api/v1/ssh-keys";

/** `rackwright ssh-keys …`: the keys with which one logs in to one's machines, and to rescue mode. */
export function sshKeysCommand(program: Command, context: Context): void {
  const keys = program.command("ssh-keys").description("your SSH keys, which your machines and rescue mode let in");
  const print = (line: string): void => context.terminal.print(line);

  const list = withTarget(withListing(keys.command("list").description("your keys")));
  list.action(async (options: CommonOptions & Listing) => {
    const found = await Array.fromAsync(clientOf(context, options).all(listingPath(path, options), sshKey));
    if (options.json) return print(JSON.stringify(found));
    const rows = found.map(({ id, key, created_at }) => {
      const [kind = "", body = "", ...comment] = key.split(" ");
      return [String(id), kind, `…${body.slice(-12)}`, moment(created_at), comment.join(" ")];
    });
    const empty = "No key is known. Add one with 'rackwright ssh-keys add ~/.ssh/id_ed25519.pub'.";
    showList(context.terminal, ["id", "kind", "key", "added", "comment"], rows, emptyOf(options, empty));
  });

  withTarget(keys.command("add <file>").description("add the public keys of a file, one a line")).action(
    async (file: string, options: CommonOptions) => {
      const text = await readFile(file, "utf8").catch((error: unknown) => {
        const why = error instanceof Error ? error.message : String(error);
        throw new CliError(
          `${file} cannot be read: ${why}`,
          "Name the file of a public key, such as id_ed25519.pub.",
          2,
        );
      });
      if (/^-+BEGIN .*PRIVATE KEY/m.test(text)) {
        throw new CliError(`${file} holds a private key, which nobody else should have.`, `Give ${file}.pub.`, 2);
      }
      const lines = text.split("\n").map((line) => line.trim());
      const wanted = lines.filter((line) => line !== "" && !line.startsWith("#"));
      if (wanted.length === 0) throw new CliError(`${file} holds no key.`, "Name the file of a public key.", 2);
      const client = clientOf(context, options);
      const made: z.infer<typeof sshKey>[] = [];
      for (const key of wanted) made.push(await client.send("POST", path, { key }, sshKey));
      if (options.json) return print(JSON.stringify(made));
      for (const { id, key } of made) print(`${key.split(" ").slice(2).join(" ") || key.split(" ")[0]} is key ${id}`);
    },
  );

  withTarget(
    keys
      .command("import <from>")
      .description("add the keys somebody publishes at GitHub (gh:NAME) or Launchpad (lp:NAME)"),
  ).action(async (from: string, options: CommonOptions) => {
    const { items } = await clientOf(context, options).send("POST", `${path}/import`, { from }, pageOf(sshKey));
    if (options.json) return print(JSON.stringify(items));
    for (const { id, key } of items) print(`${key.split(" ").slice(2).join(" ") || key.split(" ")[0]} is key ${id}`);
  });

  const remove = keys.command("delete").argument("<id>", "its number in the list", count);
  withTarget(remove.description("delete a key; machines deployed with it keep it")).action(
    async (id: number, options: CommonOptions) => {
      await clientOf(context, options).send("DELETE", `${path}/${id}`, undefined, z.unknown());
      if (!options.json) print(`Key ${id} is deleted.`);
    },
  );
}
