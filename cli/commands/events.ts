import { Option } from "commander";
import type { Command } from "commander";
import { event, eventLevel, eventTypes, machine, nearest } from "@rackwright/contract";
import type { Event } from "@rackwright/contract";
import type { ApiClient } from "../client.ts";
import { clientOf, withTarget } from "../context.ts";
import type { CommonOptions, Context } from "../context.ts";
import { CliError } from "../errors.ts";
import { findMachine } from "../find.ts";
import { count } from "../options.ts";
import { moment } from "../words.ts";

/** One event as a line for people; `names` are hostnames by machine id. */
export function eventLine(entry: Event, names: ReadonlyMap<string, string> = new Map()): string {
  const mark = { debug: " ", info: " ", warning: "!", error: "✗" }[entry.level];
  const failure = entry.failure ? ` [${entry.failure.code}] ${entry.failure.next}` : "";
  const { machine_id: id, mac, rack } = entry;
  const whom = id === null ? (mac ?? rack ?? "-") : (names.get(id) ?? id);
  return `${moment(entry.at)} ${mark} ${whom.padEnd(17)} ${entry.type.padEnd(18)} ${entry.message}${failure}`;
}

/** Hostnames of machines, asked once for each id; of a machine that is gone the id stays. */
function nameBook(client: ApiClient): (entries: readonly Event[]) => Promise<ReadonlyMap<string, string>> {
  const names = new Map<string, string>();
  return async (entries) => {
    const ids = [...new Set(entries.flatMap(({ machine_id }) => machine_id ?? []))].filter((id) => !names.has(id));
    for (let at = 0; at < ids.length; at += 200) {
      const some = ids.slice(at, at + 200);
      for (const id of some) names.set(id, id);
      const query = new URLSearchParams({ limit: "1000", filter: `id:${some.join(",")}` });
      for await (const one of client.all(`/api/v1/machines?${query.toString()}`, machine))
        names.set(one.id, one.hostname);
    }
    return names;
  };
}

/** Follows the stream for ever, resuming after the last event seen whenever the connection breaks. */
export async function* followEvents(
  client: ApiClient,
  query: URLSearchParams,
  interrupted: AbortSignal,
): AsyncGenerator<Event> {
  let last: string | undefined;
  while (!interrupted.aborted) {
    try {
      for await (const message of client.stream(`/api/v1/events/stream?${query.toString()}`, interrupted, last)) {
        last = message.id === "" ? last : message.id;
        yield event.parse(JSON.parse(message.data));
      }
    } catch (error) {
      if (interrupted.aborted) return;
      if (error instanceof CliError && error.exitCode === 2) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

type EventOptions = CommonOptions & {
  readonly follow?: boolean;
  readonly audit?: boolean;
  readonly machine?: string;
  readonly mac?: string;
  readonly rack?: string;
  readonly actor?: string;
  readonly type?: string;
  readonly level: string;
  readonly text?: string;
  readonly since?: string;
  readonly until?: string;
  readonly limit: number;
};

/** A moment as the API takes it: ISO 8601 in whatever form, or so long ago (`90s`, `15m`, `2h`, `7d`). */
export function momentOf(option: string, text: string, now: number): string {
  const [, count, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const seconds = { s: 1, m: 60, h: 3600, d: 86_400 }[unit ?? ""];
  const at = seconds === undefined ? Date.parse(text) : now - Number(count) * seconds * 1000;
  if (Number.isFinite(at)) return new Date(at).toISOString();
  throw new CliError(`${option} is '${text}', which is no moment.`, "Give one such as 2026-01-31T12:00:00Z, or 2h.", 2);
}

async function queryOf(client: ApiClient, options: EventOptions): Promise<URLSearchParams> {
  const query = new URLSearchParams({ level: options.level });
  if (options.audit) query.set("kind", "audit");
  if (options.machine) query.set("machine", (await findMachine(client, options.machine)).id);
  for (const name of ["mac", "rack", "actor", "type", "text"] as const) {
    const value = options[name];
    if (value !== undefined) query.set(name, value);
  }
  for (const name of ["since", "until"] as const) {
    const value = options[name];
    if (value !== undefined) query.set(name, momentOf(`--${name}`, value, Date.now()));
  }
  return query;
}

/** Why a list of events may be empty, in words. */
function nothingHappened({ type }: EventOptions): string {
  const kinds = [...new Set(eventTypes.flatMap((one) => [one, one.split(".")[0] ?? one]))];
  if (type === undefined || kinds.some((kind) => kind.startsWith(type))) return "No event is like that.";
  const near = nearest(type, kinds);
  return `No event is like that: there is no type '${type}'${near === undefined ? "" : `; did you mean ${near}?`}`;
}

/** Fields a user changed, as a line: what they were and what they are. */
export function changeLine({ data }: Event): string | undefined {
  const fields = (value: unknown): [string, unknown][] =>
    typeof value === "object" && value !== null ? Object.entries(value) : [];
  const [before, after] = [new Map(fields(data["before"])), new Map(fields(data["after"]))];
  const text = (value: unknown): string => (value === undefined ? "(nothing)" : JSON.stringify(value));
  const names = [...new Set([...before.keys(), ...after.keys()])];
  const changes = names.map((name) => `${name}: ${text(before.get(name))} → ${text(after.get(name))}`);
  return changes.length === 0 ? undefined : `    ${changes.join(", ")}`;
}

/** `rackwright events`: the event stream, newest at the end. */
export function eventsCommand(program: Command, context: Context): void {
  withTarget(program.command("events").description("what happened: machines, BMCs, DHCP, TFTP, HTTP, agents, users"))
    .option("--follow", "go on as events happen")
    .option("--audit", "only what users did, with the fields they changed before and after")
    .option("--machine <machine>", "only events of this machine")
    .option("--mac <address>", "only events of this network card")
    .option("--rack <name>", "only events of this rack")
    .option("--actor <name>", "only what this user caused, or machine, rack or region")
    .option("--type <prefix>", "only types that begin with this, such as dhcp")
    .option("--text <text>", "only messages with this in them")
    .option("--since <moment>", "only events since this moment, or since so long ago: 90s, 15m, 2h, 7d")
    .option("--until <moment>", "only events before this moment")
    .addOption(new Option("--level <level>", "at least this level").choices(eventLevel.options).default("info"))
    .option("--limit <count>", "how many of the past", count, 50)
    .action(async (options: EventOptions) => {
      const client = clientOf(context, options);
      const query = await queryOf(client, options);
      const namesFor = nameBook(client);
      const print = (entry: Event, names: ReadonlyMap<string, string>): void => {
        context.terminal.print(options.json ? JSON.stringify(entry) : eventLine(entry, names));
        const change = options.audit && !options.json ? changeLine(entry) : undefined;
        if (change !== undefined) context.terminal.print(change);
      };
      const past: Event[] = [];
      for await (const entry of client.all(
        `/api/v1/events?${query.toString()}&order=desc&limit=${Math.min(1000, options.limit)}`,
        event,
      ))
        if (past.push(entry) >= options.limit) break;
      const names = options.json ? new Map<string, string>() : await namesFor(past);
      for (const entry of past.toReversed()) print(entry, names);
      if (past.length === 0 && !options.json) context.terminal.say(nothingHappened(options));
      if (!options.follow) return;
      query.set("cursor", String(past[0]?.id ?? 0));
      for await (const entry of followEvents(client, query, context.interrupted))
        print(entry, options.json ? names : await namesFor([entry]));
    });
}
