import { readFile, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import type { Command } from "commander";
import { script, scriptDetail, scriptTypes, scriptVersion } from "@rackwright/contract";
import type { Script } from "@rackwright/contract";
import { z } from "zod";
import { clientOf, withTarget } from "../context.ts";
import type { CommonOptions, Context } from "../context.ts";
import { CliError } from "../errors.ts";
import { type Listing, emptyOf, listingPath, withListing } from "../listing.ts";
import { count, oneOf } from "../options.ts";
import { showList } from "../terminal.ts";
import { duration, moment } from "../words.ts";

const pathOf = (name: string): string => `/api/v1/scripts/${encodeURIComponent(name)}`;

function versionQuery(version: string | undefined): string {
  return version === undefined ? "" : `?version=${encodeURIComponent(version)}`;
}

/** `rackwright scripts …`: what runs on machines while they are commissioned, tested and released. */
export function scriptsCommand(program: Command, context: Context): void {
  const scripts = program
    .command("scripts")
    .description("what runs on machines when they are commissioned, tested or released");
  const print = (line: string): void => context.terminal.print(line);

  withTarget(withListing(scripts.command("list").description("scripts the region has")))
    .option("--type <type>", "only commissioning, testing or release", oneOf(scriptTypes))
    .option("--tag <tag>", "only scripts with this tag")
    .action(async (options: CommonOptions & Listing & { type?: string; tag?: string }) => {
      const { type, tag } = options;
      const path = listingPath("/api/v1/scripts", options, { type, tag });
      const found = await Array.fromAsync(clientOf(context, options).all(path, script));
      if (options.json) return print(JSON.stringify(found));
      const rows = found.map((one) => [
        one.name,
        one.type,
        one.hardware_type,
        one.tags.join(","),
        one.builtin ? "yes" : "no",
        one.title,
      ]);
      const header = ["script", "type", "hardware", "tags", "built in", "title"];
      showList(context.terminal, header, rows, "No script is like that.");
    });

  withTarget(scripts.command("show <name>").description("what a script's header says")).action(
    async (name: string, options: CommonOptions) => {
      const { text: _, ...found } = await clientOf(context, options).get(pathOf(name), scriptDetail);
      if (options.json) return print(JSON.stringify(found));
      for (const line of scriptLines(found)) print(line);
    },
  );

  withTarget(
    scripts.command("upload <file>").description("make a script of a file, or give the script of that name a new text"),
  )
    .option("--name <name>", "name of the script, where its header names none (default: the file's name)")
    .option("--comment <words>", "why, for the list of versions")
    .action(async (file: string, options: CommonOptions & { name?: string; comment?: string }) => {
      const text = await readScriptFile(file);
      const client = clientOf(context, options);
      const comment = options.comment === undefined ? {} : { comment: options.comment };
      const named = options.name ?? nameInHeader(text);
      const name = named ?? basename(file);
      const there = await client.get(pathOf(name), scriptDetail).catch((error: unknown) => {
        if (error instanceof CliError && error.code === "not-found") return null;
        throw error;
      });
      const made =
        there === null
          ? await client.send(
              "POST",
              "/api/v1/scripts",
              { text, ...(named === undefined || options.name ? { name } : {}), ...comment },
              scriptDetail,
            )
          : await client.send("PUT", `${pathOf(name)}/text`, { text, ...comment }, scriptDetail);
      if (options.json) return print(JSON.stringify(made));
      const same = there?.sha256 === made.sha256;
      print(
        `${made.name}: ${same ? "the text is the same as before" : `version ${made.version}`}, ${made.type}, ${made.hardware_type}`,
      );
    });

  withTarget(scripts.command("download <name>").description("the text of a script"))
    .option("--version <id>", "of an earlier version")
    .option("--to <file>", "write it to a file instead")
    .action(async (name: string, options: CommonOptions & { version?: string; to?: string }) => {
      const { body } = await clientOf(context, options).read(`${pathOf(name)}/text${versionQuery(options.version)}`);
      if (options.to === undefined) return context.terminal.write(body);
      await writeFile(options.to, body, { mode: 0o755 }).catch((error: NodeJS.ErrnoException) => {
        throw new CliError(`${options.to} cannot be written: ${error.message}`, "Name a file in a folder there is.", 2);
      });
    });

  withTarget(scripts.command("delete <name>").description("delete a script; its versions and results stay")).action(
    async (name: string, options: CommonOptions) => {
      await clientOf(context, options).send("DELETE", pathOf(name), undefined, z.unknown());
      if (!options.json) print(`${name} is deleted.`);
    },
  );

  const history = scripts.command("history <name>").description("texts a script had, the newest first");
  withTarget(withListing(history)).action(async (name: string, options: CommonOptions & Listing) => {
    const path = listingPath(`${pathOf(name)}/versions`, options);
    const versions = await Array.fromAsync(clientOf(context, options).all(path, scriptVersion));
    if (options.json) return print(JSON.stringify(versions));
    const rows = versions.map((one) => [
      String(one.id),
      moment(one.created_at),
      one.created_by,
      one.sha256.slice(0, 12),
      one.comment,
    ]);
    showList(context.terminal, ["version", "at", "by", "sha256", "comment"], rows, emptyOf(options, "No version."));
  });

  withTarget(
    scripts
      .command("revert")
      .description("go back to the text of an earlier version")
      .argument("<name>")
      .argument("<version>", "its number in the history", count),
  ).action(async (name: string, version: number, options: CommonOptions) => {
    const made = await clientOf(context, options).send("POST", `${pathOf(name)}/revert`, { version }, scriptDetail);
    print(
      options.json ? JSON.stringify(made) : `${made.name}: version ${made.version} has the text of version ${version}`,
    );
  });

  withTarget(
    scripts.command("copy <name> <new-name>").description("copy a script, built-in ones too, to change the copy"),
  ).action(async (name: string, as: string, options: CommonOptions) => {
    const made = await clientOf(context, options).send("POST", `${pathOf(name)}/copy`, { name: as }, scriptDetail);
    print(options.json ? JSON.stringify(made) : `${made.name}: version ${made.version}`);
  });
}

/** What a script's header says, for people; what it does not say is left out. */
export function scriptLines(found: Script): string[] {
  const { packages, parameters, results } = found;
  const needs = [...packages.apt, ...packages.snap.map(({ name }) => `${name} (snap)`), ...packages.url];
  const traits = [
    ...(found.destructive ? ["destroys what is on the disk"] : []),
    ...(found.may_reboot ? ["may reboot the machine"] : []),
    ...(found.recommission ? ["has the inventory taken again"] : []),
    ...(found.apply_configured_networking ? ["with the network as configured"] : []),
  ];
  const lines: (readonly [string, string])[] = [
    ["name", found.name],
    ["title", found.title || "-"],
    ["description", found.description.replaceAll(/\s+/g, " ").trim() || "-"],
    ["type", `${found.type}, ${found.hardware_type}`],
    ["tags", found.tags.join(", ") || "-"],
    ["time limit", found.timeout === 0 ? "none" : duration(found.timeout)],
    ["parallel", found.parallel],
    ...(traits.length === 0 ? [] : [["does", traits.join(", ")] as const]),
    ...(needs.length === 0 ? [] : [["needs", needs.join(", ")] as const]),
    ...(found.for_hardware.length === 0 ? [] : [["for hardware", found.for_hardware.join(", ")] as const]),
    ...Object.entries(parameters).map(([name, one]) => {
      const given = one.required ? ", required" : one.default === undefined ? "" : `, ${one.default} by default`;
      return ["parameter", `${name}: ${one.type}${given}${one.description ? `. ${one.description}` : ""}`] as const;
    }),
    ...Object.entries(results).map(([name, { title }]) => ["tells", `${name}: ${title}`] as const),
    ["version", `${found.version}, of ${moment(found.updated_at)}${found.builtin ? ", comes with Rackwright" : ""}`],
    ["sha256", found.sha256],
  ];
  return lines.map(([label, value]) => `${label.padEnd(13)} ${value}`);
}

/** The name a script's header gives it, as far as it takes to find the script that has it already. */
function nameInHeader(text: string): string | undefined {
  const header = /^# ?--- Start MAAS .*metadata ---$(.*?)^# ?--- End MAAS/ms.exec(text)?.[1] ?? "";
  return /^# ?name[ \t]*:[ \t]*["']?([^"'\s#]+)/m.exec(header)?.[1];
}

async function readScriptFile(file: string): Promise<string> {
  const content = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw new CliError(`${file} cannot be read: ${error.message}`, "Name a file that holds a script.", 2);
  });
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(content);
  } catch {
    throw new CliError(
      `${file} is not text.`,
      "A script is text; let it fetch programs by packages.url of its header.",
      2,
    );
  }
}
