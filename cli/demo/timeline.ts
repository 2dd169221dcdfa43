import type { Event } from "@rackwright/contract";
import type { Terminal } from "../terminal.ts";
import type { Stopwatch } from "./clock.ts";

/** Events that tell the story; the rest stays in the stream. */
const told = new Set([
  "machine.enlisted",
  "machine.status",
  "machine.failed",
  "power.requested",
  "power.done",
  "power.failed",
  "dhcp.ack",
  "tftp.done",
  "http.done",
  "boot.decided",
  "agent.started",
  "agent.step",
  "agent.progress",
  "cloudinit.progress",
  "network.problem",
  "image.problem",
  "rack.problem",
  "dhcp.refused",
]);

export interface Timeline {
  tell(event: Event): void;
  line(who: string, text: string): void;
}

/** Prints the live timeline: one line an event, percentages on a line of their own that is overwritten. */
export function liveTimeline(terminal: Terminal, watch: Stopwatch, nameOf: (event: Event) => string): Timeline {
  const line = (who: string, text: string): void => terminal.say(`${watch.stamp()}  ${who.padEnd(10)} ${text}`);
  const repeated = new Map<string, string>();
  return {
    line,
    tell: (event) => {
      if (!told.has(event.type) || (event.level === "debug" && event.type === "cloudinit.progress")) return;
      const who = nameOf(event);
      if (event.type === "agent.progress") {
        terminal.progress(`${watch.stamp()}  ${who.padEnd(10)} ${event.message}`);
        return;
      }
      const text = `${event.type.padEnd(18)} ${event.message}`;
      // Firmware asks for the same thing several times; saying it once is enough.
      if (repeated.get(who) === text) return;
      repeated.set(who, text);
      line(who, text);
      if (event.failure) {
        for (const evidence of event.failure.evidence) line("", `    ${evidence}`);
        line("", `    next: ${event.failure.next}`);
      }
    },
  };
}
