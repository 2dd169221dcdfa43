import type { MachineStatus } from "@rackwright/contract";
import type { Kysely } from "kysely";
import type { Tables } from "../database/tables.ts";
import { readSettings } from "../settings/settings.ts";
import { isTimed } from "./lifecycle.ts";

/** When a status that begins now ends in failure if nothing is heard; null where it may last for ever. */
export async function firstDeadline(db: Kysely<Tables>, status: MachineStatus, now: Date): Promise<Date | null> {
  if (!isTimed(status)) return null;
  const { silence, total } = (await readSettings(db)).deadlines[status];
  return new Date(now.getTime() + Math.min(silence, total) * 1000);
}
