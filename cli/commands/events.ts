import type { Command } from "commander";
import { event } from "@rackwright/contract";
import type { Event } from "@rackwright/contract";
import type { ApiClient } from "../client.ts";
import { clientOf, withTarget } from "../context.ts";
import type { CommonOptions, Context } from "../context.ts";
import { CliError } from "../errors.ts";
import { findMachine } from "./machines.ts";

/** One event as a line for people. */
export function eventLine(entry: Event): string {
  const mark = { debug: " ", info: " ", warning: "!", error: "✗" }[entry.level];
  const failure = entry.failure ? ` [${entry.failure.code}] ${entry.failure.next}` : "";
  return `${entry.at} ${mark} ${(entry.machine_id ?? entry.mac ?? entry.rack ?? "-").padEnd(17)} ${entry.type.padEnd(18)} ${entry.message}${failure}`;
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

/** `rackwright events`: the event stream, newest at the end. */
export function eventsCommand(program: Command, context: Context): void {
  withTarget(program.command("events").description("what happened: machines, BMCs, DHCP, TFTP, HTTP, agents, users"))
    .option("--follow", "go on as events happen")
    .option("--machine <machine>", "only events of this machine")
    .option("--type <prefix>", "only types that begin with this, such as dhcp")
    .option("--level <level>", "at least this level: debug, info, warning or error", "info")
    .option("--limit <count>", "how many of the past", "50")
    .action(
      async (
        options: CommonOptions & { follow?: boolean; machine?: string; type?: string; level: string; limit: string },
      ) => {
        const client = clientOf(context, options);
        const query = new URLSearchParams({ level: options.level });
        if (options.machine) query.set("machine", (await findMachine(client, options.machine)).id);
        if (options.type) query.set("type", options.type);
        const print = (entry: Event): void =>
          context.terminal.print(options.json ? JSON.stringify(entry) : eventLine(entry));
        const past: Event[] = [];
        for await (const entry of client.all(
          `/api/v1/events?${query.toString()}&order=desc&limit=${encodeURIComponent(options.limit)}`,
          event,
        )) {
          if (past.push(entry) >= Number(options.limit)) break;
        }
        past.toReversed().forEach(print);
        if (!options.follow) return;
        query.set("cursor", String(past.at(-1)?.id ?? 0));
        for await (const entry of followEvents(client, query, context.interrupted)) print(entry);
      },
    );
}
