import type { EventLevel, EventType, Failure } from "@rackwright/contract";
import type { Generated } from "kysely";
import type { Json, JsonOrDefault, InstantOrNow, Identity } from "./columns.ts";

export interface EventsTable {
  id: Identity;
  at: InstantOrNow;
  type: EventType;
  level: Generated<EventLevel>;
  machine_id: string | null;
  mac: string | null;
  rack: string | null;
  actor: string | null;
  message: string;
  data: JsonOrDefault<Record<string, unknown>>;
  failure: Json<Failure> | null;
}
