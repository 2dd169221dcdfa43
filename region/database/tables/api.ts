import type { Event, EventLevel } from "@rackwright/contract";
import type { Generated } from "kysely";
import type { Identity, Instant, InstantOrNow, Json, JsonOrDefault } from "./columns.ts";

export interface IdempotencyKeysTable {
  user_id: number;
  key_hash: Buffer;
  request_hash: Buffer;
  created_at: Instant;
  status: number;
  headers: JsonOrDefault<Record<string, string>>;
  body: string | null;
}

export interface WebhooksTable {
  id: Identity;
  url: string;
  description: Generated<string>;
  secret: string;
  types: Generated<string[]>;
  level: Generated<EventLevel>;
  filter: string | null;
  enabled: Generated<boolean>;
  disabled_reason: string | null;
  failing_since: Instant | null;
  through: number;
  created_at: InstantOrNow;
}

export type DeliveryState = "waiting" | "delivered" | "failed";

export interface WebhookDeliveriesTable {
  id: Identity;
  webhook_id: number;
  event_id: number;
  event: Json<Event>;
  state: Generated<DeliveryState>;
  attempts: Generated<number>;
  created_at: Instant;
  attempted_at: Instant | null;
  status: number | null;
  answer: string | null;
  error: string | null;
  milliseconds: number | null;
}
