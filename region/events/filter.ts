import { type EventKind, type EventLevel, event } from "@rackwright/contract";
import { type Expression, type ExpressionBuilder, type SqlBool, sql } from "kysely";
import type { Tables } from "../database/tables.ts";
import { declareList } from "../filter/list.ts";
import { filterOf } from "../filter/page.ts";
import { type Caller, seesEverything } from "../users/access.ts";
import { byUser, isAudit, visibleEvents } from "./visible.ts";

/** Which events are wanted; what is left out does not matter. */
export type EventFilter = {
  kind?: EventKind | undefined;
  /** Events of this machine, or of its network cards before it was known. */
  machine?: string | undefined;
  mac?: string | undefined;
  rack?: string | undefined;
  /** A user name, 'machine', 'rack' or 'region'. */
  actor?: string | undefined;
  /** Beginning of the type, such as `dhcp` or `machine.status`. */
  type?: string | undefined;
  /** This level or a graver one. */
  level?: EventLevel | undefined;
  /** Part of the message, in whatever case. */
  text?: string | undefined;
  since?: Date | undefined;
  until?: Date | undefined;
  /** In the language of filters. */
  filter?: string | undefined;
  /** Only what this user may know of. */
  viewer?: Caller | undefined;
};

/** Events are sorted by nothing but time: their conditions are on the table itself. */
export const eventList = declareList("events", event, {
  alias: "events",
  order: ["id"],
  fields: {
    data: null,
    failure: {
      value: sql`(events.failure ->> 'code')`,
      kind: { kind: "text" },
      meaning: "code of the failure it tells",
    },
    actor: { cased: true },
  },
});

const levels = ["debug", "info", "warning", "error"] as const;
const isUser = (actor: string): boolean => !["machine", "rack", "region"].includes(actor);
const quoted = (text: string): string => text.replaceAll(/[\\%_]/g, String.raw`\$&`);

/** The filter as one condition on `events`, but for the machine, whose events have more than one index. */
export function matching(
  where: ExpressionBuilder<Tables, "events">,
  filter: Omit<EventFilter, "machine">,
): Expression<SqlBool> {
  const { kind, mac, rack, actor, type, level, text, since, until, filter: asked, viewer } = filter;
  const all: Expression<SqlBool>[] = [];
  if (kind === "audit") all.push(isAudit);
  if (mac !== undefined) all.push(where("mac", "=", mac));
  if (rack !== undefined) all.push(where("rack", "=", rack));
  if (actor !== undefined) all.push(where("actor", "=", actor), ...(isUser(actor) ? [byUser] : []));
  if (type !== undefined) all.push(sql<boolean>`type like ${`${quoted(type)}%`}`);
  if (level === "warning") all.push(sql<boolean>`level in ('warning', 'error')`);
  // A subset of what the index of grave events holds, and said so.
  else if (level === "error") all.push(sql<boolean>`level in ('warning', 'error') and level = 'error'`);
  else if (level !== undefined) all.push(where("level", "in", levels.slice(levels.indexOf(level))));
  if (text !== undefined) all.push(sql<boolean>`message ilike ${`%${quoted(text)}%`}`);
  if (since !== undefined) all.push(where("at", ">=", since));
  if (until !== undefined) all.push(where("at", "<", until));
  if (asked !== undefined) all.push(filterOf(eventList, asked));
  if (viewer !== undefined && !seesEverything(viewer)) all.push(visibleEvents(viewer));
  return where.and(all);
}

/**
 * Whether an index leads to what the filter wants. Where none does, a reader has to look at every event, and looks at
 * so many at once only.
 */
export function isIndexed({ kind, machine, mac, actor, level, viewer, filter, ...rest }: EventFilter): boolean {
  // How many of a whole index it leaves nobody knows.
  if (filter !== undefined) return machine !== undefined || mac !== undefined;
  // How many are hidden from him no index tells.
  if (viewer !== undefined && !seesEverything(viewer)) return machine !== undefined || mac !== undefined;
  const led = kind ?? machine ?? mac ?? (actor !== undefined && isUser(actor) ? actor : undefined);
  const grave = level === "warning" || level === "error";
  const wanted = [actor, level, ...Object.values(rest)].some((value) => value !== undefined);
  return led !== undefined || grave || !wanted;
}

/** Events looked at for one page or piece of a stream where no index leads to those wanted. */
export const span = 100_000;
