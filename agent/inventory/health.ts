import type { DiskHealth } from "@rackwright/contract";
import { z } from "zod";
import type { World } from "../world.ts";

const whole = z.number().transform(Math.round).optional().catch(undefined);
const attribute = z.object({ id: z.number(), raw: z.object({ value: z.number() }) });
const smartctl = z.object({
  smart_status: z.object({ passed: z.boolean() }).optional().catch(undefined),
  temperature: z.object({ current: whole }).optional().catch(undefined),
  power_on_time: z.object({ hours: whole }).optional().catch(undefined),
  endurance_used: z.object({ current_percent: whole }).optional().catch(undefined),
  ata_smart_attributes: z
    .object({ table: z.array(attribute) })
    .optional()
    .catch(undefined),
  nvme_smart_health_information_log: z
    .object({ percentage_used: whole, media_errors: whole })
    .optional()
    .catch(undefined),
  scsi_grown_defect_list: whole,
});

const reallocated = 5;
const pending = 197;

/** Health as `smartctl --json` tells it; null where the device has no SMART data. Takes any text. */
export function parseHealth(text: string): DiskHealth | null {
  let parsed;
  try {
    parsed = smartctl.safeParse(JSON.parse(text));
  } catch {
    return null;
  }
  if (!parsed.success) return null;
  const { data } = parsed;
  const nvme = data.nvme_smart_health_information_log;
  const raw = (id: number): number | null =>
    data.ata_smart_attributes?.table.find((one) => one.id === id)?.raw.value ?? null;
  if (data.smart_status === undefined && nvme === undefined && data.ata_smart_attributes === undefined) return null;
  return {
    healthy: data.smart_status?.passed ?? null,
    temperature: data.temperature?.current ?? null,
    power_on_hours: data.power_on_time?.hours ?? null,
    percentage_used: nvme?.percentage_used ?? data.endurance_used?.current_percent ?? null,
    reallocated_sectors: raw(reallocated) ?? data.scsi_grown_defect_list ?? null,
    pending_sectors: raw(pending),
    media_errors: nvme?.media_errors ?? null,
  };
}

/** Asks a disk for its health. Its exit status tells of the disk, not of smartctl, and is not looked at. */
export async function readHealth(world: World, name: string): Promise<DiskHealth | null> {
  const argv = ["smartctl", "--json=c", "--info", "--health", "--attributes", `/dev/${name}`];
  return parseHealth((await world.run(argv, { timeoutSeconds: 60 })).output);
}
