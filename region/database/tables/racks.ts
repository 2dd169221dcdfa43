import type { RackInterface } from "@rackwright/contract";
import type { Generated } from "kysely";
import type { JsonOrDefault, Instant, InstantOrNow, Identity } from "./columns.ts";

export interface RacksTable {
  id: Identity;
  name: string;
  secret: Buffer;
  version: string | null;
  http_port: number | null;
  interfaces: JsonOrDefault<RackInterface[]>;
  connected_at: Instant | null;
  disconnected_at: Instant | null;
  seen_at: Instant | null;
  boot: string | null;
  events_through: Generated<number>;
  created_at: InstantOrNow;
  system_id: Generated<string>;
  description: Generated<string>;
  zone_id: Generated<number>;
  domain_id: Generated<number>;
}
