import { type EventLevel, macAddress } from "@rackwright/contract";
import { type RawBuilder, sql } from "kysely";
import { z } from "zod";
import { InputError } from "../errors.ts";
import { type MachineEvent, listMachineEvents } from "../events/of-machines.ts";
import { callerOf } from "./common.ts";
import { eventWords } from "./event-words.ts";
import { type Resource, operation } from "./operation.ts";
import { integer, list, text } from "./parameters.ts";

/** MAAS's levels; nothing here is CRITICAL, so asking for that finds nothing. */
const levels = ["AUDIT", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] as const;
type Level = (typeof levels)[number];
const least: Readonly<Record<Exclude<Level, "AUDIT" | "CRITICAL">, EventLevel>> = {
  DEBUG: "debug",
  INFO: "info",
  WARNING: "warning",
  ERROR: "error",
};
const mostEvents = 1000;
const notUsers = ["machine", "rack", "region"];
const days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** A moment as MAAS shows those of events: `Fri, 07 Dec. 2018 20:11:08`, in UTC. */
export function eventTime(at: Date): string {
  const day = String(at.getUTCDate()).padStart(2, "0");
  const clock = at.toISOString().slice(11, 19);
  return `${days[at.getUTCDay()]}, ${day} ${months[at.getUTCMonth()]}. ${at.getUTCFullYear()} ${clock}`;
}

function render(event: MachineEvent, audit: boolean) {
  const { id, machine_id, hostname, level, at, type, message, actor } = event;
  return {
    id,
    node: machine_id,
    hostname: hostname ?? "",
    level: audit ? "AUDIT" : level.toUpperCase(),
    created: eventTime(at),
    type: eventWords(type),
    description: message,
    username: actor === null || notUsers.includes(actor) ? "" : actor,
  };
}

const macs = list("Only of machines with one of these network cards.")
  .transform((values, context) =>
    values.map((value) => {
      const mac = macAddress.safeParse(value);
      if (mac.success) return mac.data;
      context.addIssue({ code: "custom", message: `'${value.slice(0, 50)}' is not a valid MAC address.` });
      return z.NEVER;
    }),
  )
  .optional();
const id = (doc: string) => integer(doc, { least: 0, most: Number.MAX_SAFE_INTEGER });
const parameters = z.object({
  hostname: list("Only of machines with these host names."),
  mac_address: macs,
  id: list("Only of machines with these system ids."),
  zone: list("Only of machines in these zones."),
  domain: list("Only of machines in these domains."),
  agent_name: text("Only of machines with this agent name.", 255).optional(),
  owner: text("With level AUDIT only deeds of this user, else only of machines of this user.", 150).optional(),
  level: text("The least grave level: DEBUG, INFO, WARNING, ERROR, CRITICAL; AUDIT for what users did.", 20).default(
    "INFO",
  ),
  limit: integer(`How many at most; at most ${mostEvents}.`).default(100),
  before: id("Only events with a smaller number.").optional(),
  after: id("Only events with a greater number.").optional(),
});
type Parameters = z.output<typeof parameters>;

const isLevel = (word: string): word is Level => levels.some((level) => level === word);

/** The filters on machines, each as a condition on its row. */
function conditions({ hostname, mac_address = [], id, zone, domain, agent_name, owner, level }: Parameters) {
  const all: RawBuilder<boolean>[] = [];
  const among = (values: readonly string[], condition: (values: string[]) => RawBuilder<boolean>) => {
    if (values.length > 0) all.push(condition([...values]));
  };
  among(hostname, (names) => sql`machines.hostname = any(${names}::text[])`);
  among(id, (ids) => sql`machines.id = any(${ids}::text[])`);
  among(
    mac_address,
    (list) => sql`machines.id in (select machine_id from interfaces where mac = any(${list}::text[]))`,
  );
  among(zone, (names) => sql`machines.zone_id in (select id from zones where name = any(${names}::text[]))`);
  among(domain, (names) => sql`machines.domain_id in (select id from domains where name = any(${names}::text[]))`);
  if (agent_name !== undefined) all.push(sql`machines.agent_name = ${agent_name}`);
  if (owner !== undefined && level !== "AUDIT")
    all.push(sql`machines.owner_id in (select id from users where username = ${owner})`);
  return all;
}

/** A page's address: its filters, and where it begins. */
function uri(parameters: Parameters, from: { before: number } | { after: number }): string {
  const { before: _, after: __, ...filters } = parameters;
  const query = new URLSearchParams({ op: "query" });
  for (const [name, value] of Object.entries({ ...filters, ...from }))
    for (const one of [value ?? []].flat()) query.append(name, String(one));
  return `/MAAS/api/2.0/events/?${query.toString()}`;
}

/** `events/`: what happened to machines, and what users did. */
export const eventResources: readonly Resource[] = [
  {
    handler: "EventsHandler",
    path: "events/",
    doc: "Read the events.",
    operations: {
      "GET query": operation({
        access: "user",
        title: "List events, the newest first.",
        errors: "text",
        parameters,
        run: async (call, given) => {
          const { level, before, after } = given;
          if (!isLevel(level)) throw new InputError(`Unrecognised log level: ${level}`);
          if (given.limit > mostEvents)
            throw new InputError(`Requested number of events ${given.limit} is greater than limit: ${mostEvents}`);
          if (before !== undefined && after !== undefined)
            throw new InputError("There is undefined behaviour when both `after` and `before` are specified.");
          const limit = Math.max(1, given.limit);
          const audit = level === "AUDIT";
          const actor = audit ? given.owner : undefined;
          const { events, older } =
            level === "CRITICAL"
              ? { events: [], older: null }
              : await listMachineEvents(
                  call.db,
                  {
                    audit,
                    level: audit ? "debug" : least[level],
                    machines: conditions(given),
                    viewer: callerOf(call),
                    actor,
                  },
                  { before, after, limit },
                );
          const newest = events[0]?.id ?? after ?? (before === undefined ? 0 : before - 1);
          const oldest = older ?? before ?? (after === undefined ? 0 : after + 1);
          return {
            json: {
              count: events.length,
              events: events.map((event) => render(event, audit)),
              next_uri: uri({ ...given, limit }, { after: newest }),
              prev_uri: uri({ ...given, limit }, { before: oldest }),
            },
          };
        },
      }),
    },
  },
];
