import type { Command } from "commander";
import { causeDescription, rack } from "@rackwright/contract";
import { z } from "zod";
import { clientOf, withTarget } from "../context.ts";
import type { CommonOptions, Context } from "../context.ts";
import { CliError } from "../errors.ts";
import { type Listing, emptyOf, listingPath, withListing } from "../listing.ts";
import { showList } from "../terminal.ts";
import { counted, momentFrom } from "../words.ts";

const status = z.looseObject({
  version: z.string(),
  ok: z.boolean(),
  database: z.object({ ok: z.boolean(), version: z.string().nullable(), milliseconds: z.number().nullable() }),
  racks: z.object({ known: z.int(), connected: z.int() }),
  machines: z.record(z.string(), z.int()),
});

/** `rackwright status`, `racks` and `failures`: how the site fares, and what failures mean. */
export function siteCommands(program: Command, context: Context): void {
  const print = (line: string): void => context.terminal.print(line);

  withTarget(program.command("status").description("how the region fares: database, racks, machines by status")).action(
    async (options: CommonOptions) => {
      const now = await clientOf(context, options).get("/api/v1/status", status);
      if (options.json) print(JSON.stringify(now));
      else for (const line of statusLines(now)) print(line);
      if (!now.ok) throw new CliError("The region's database does not answer.", "Look at the region's log.", 4);
    },
  );

  const racks = program.command("racks").description("rack controllers");
  const list = racks.command("list").description("racks, whether they are linked, and the networks they serve");
  withTarget(withListing(list)).action(async (options: CommonOptions & Listing) => {
    const path = listingPath("/api/v1/racks", options);
    const found = await Array.fromAsync(clientOf(context, options).all(path, rack));
    if (options.json) return print(JSON.stringify(found));
    const rows = found.map((one) => [
      one.name,
      one.connected ? "linked" : "not linked",
      one.seen_at === null ? "never" : momentFrom(one.seen_at, Date.now()),
      one.version ?? "-",
      one.interfaces
        .filter(({ addresses }) => addresses.length > 0)
        .map(({ name, addresses }) => `${name} ${addresses.join(" ")}`)
        .join(", ") || "-",
    ]);
    const empty = "No rack is known. 'rackwright up' starts one beside the region.";
    showList(context.terminal, ["rack", "link", "seen", "version", "interfaces"], rows, emptyOf(options, empty));
  });

  withTarget(
    program.command("failures [code]").description("causes of failure: all of them, or what one code means"),
  ).action(async (code: string | undefined, options: CommonOptions) => {
    const client = clientOf(context, options);
    if (code === undefined) {
      const { items } = await client.get("/api/v1/failures", z.object({ items: z.array(causeDescription) }));
      if (options.json) return print(JSON.stringify(items));
      const rows = items.map((one) => [one.code, one.title]);
      return showList(context.terminal, ["code", "title"], rows, "No cause is known.");
    }
    const cause = await client.get(`/api/v1/failures/${encodeURIComponent(code)}`, causeDescription);
    if (options.json) return print(JSON.stringify(cause));
    for (const name of ["code", "title", "meaning", "evidence", "next"] as const)
      print(`${name.padEnd(9)} ${cause[name]}`);
  });
}

/** The region's state as lines for people. */
export function statusLines({ version, database, racks, machines }: z.infer<typeof status>): string[] {
  const all = Object.values(machines).reduce((sum, each) => sum + each, 0);
  const answers = database.milliseconds === null ? "does not answer" : `answers in ${database.milliseconds} ms`;
  return [
    `region    ${version}`,
    `database  ${[database.version && `PostgreSQL ${database.version}`, answers].filter(Boolean).join(", ")}`,
    `racks     ${racks.connected} of ${racks.known} linked`,
    `machines  ${counted(all, "machine")}`,
    ...Object.entries(machines)
      .toSorted(([a], [b]) => a.localeCompare(b))
      .map(([name, count]) => `          ${String(count).padStart(5)} ${name}`),
  ];
}
