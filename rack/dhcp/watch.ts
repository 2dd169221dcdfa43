import { dhcpMalformed, makeFailure } from "@rackwright/contract/rack";
import type { RackEventInput } from "@rackwright/contract/rack";
import { createBucket, type DhcpLimits } from "./limits.ts";

/** Why a packet got no answer, for the counters. */
export type DropReason = "malformed" | "rate" | "queue" | "repeat" | "unsupported" | "send-failed" | "events";

/** Events on their way out: bounded, and with a count of what went unanswered. */
export interface Watch {
  emit: (event: RackEventInput) => void;
  /** Like `emit`, at most once per `key` in a minute: for what a client repeats every few seconds. */
  emitOnce: (key: string, event: RackEventInput) => void;
  /** Counts a packet without an answer; `evidence` is shown with the next report. */
  drop: (reason: DropReason, evidence: string) => void;
  /** Sends the report of what was dropped, when its time has come. */
  tick: () => void;
  counts: () => Readonly<Record<string, number>>;
}

const repeatMilliseconds = 60_000;
const mostKeys = 4096;

/** Wraps `emit` so that no stranger can flood the region's event stream. */
export function createWatch(emit: (event: RackEventInput) => void, limits: DhcpLimits, now: () => number): Watch {
  const allowed = createBucket(limits.eventBurst, limits.eventRate);
  const totals: Record<string, number> = {};
  let recent = new Map<DropReason, { count: number; evidence: string }>();
  let reportedAt = Number.NEGATIVE_INFINITY;
  const told = new Map<string, number>();
  const drop = (reason: DropReason, evidence: string): void => {
    totals[reason] = (totals[reason] ?? 0) + 1;
    const entry = recent.get(reason);
    if (entry === undefined) recent.set(reason, { count: 1, evidence });
    else entry.count += 1;
  };
  const limited = (event: RackEventInput): void => {
    if (allowed(now())) emit(event);
    else drop("events", event.message);
  };
  return {
    emit: limited,
    emitOnce(key, event) {
      const last = told.get(key);
      if (last !== undefined && now() - last < repeatMilliseconds) return;
      if (told.size >= mostKeys) told.clear();
      told.set(key, now());
      limited(event);
    },
    drop,
    tick() {
      if (recent.size === 0 || now() - reportedAt < limits.reportMilliseconds) return;
      reportedAt = now();
      const dropped = [...recent].map(([reason, { count }]) => `${count} ${dropWords[reason]}`);
      const evidence = [...recent].map(([reason, entry]) => `${reason}: ${entry.evidence}`.slice(0, 300));
      const counts = Object.fromEntries([...recent].map(([reason, { count }]) => [reason, count]));
      recent = new Map();
      emit({
        type: "dhcp.malformed",
        level: "warning",
        message: `DHCP: ${dropped.join(", ")}`,
        data: { dropped: counts, evidence },
        failure: makeFailure(dhcpMalformed, `DHCP: ${dropped.join(", ")}.`, evidence),
      });
    },
    counts: () => totals,
  };
}

const dropWords: Record<DropReason, string> = {
  malformed: "packets were not valid DHCP",
  rate: "packets came faster than one client may send",
  queue: "packets came while too many others were waiting",
  repeat: "repeats came while the first was being answered",
  unsupported: "packets were of a kind that is not served",
  "send-failed": "answers could not be sent",
  events: "further events were not listed",
};
