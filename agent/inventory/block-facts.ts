import { z } from "zod";
import type { World } from "../world.ts";

const text = z
  .string()
  .nullish()
  .transform((value) => {
    const trimmed = value?.trim().slice(0, 256) ?? "";
    return trimmed === "" ? null : trimmed;
  });
const row = z.object({ name: z.string(), model: text, serial: text, wwn: text, rev: text });
const listing = z.object({ blockdevices: z.array(row) });

/** What udev and lsblk know of a whole disk: SATA disks tell model and serial in full only to them. */
export type BlockFacts = z.infer<typeof row>;

/** Whole block devices by kernel name; none where lsblk says nothing usable. */
export async function readBlockFacts(world: World): Promise<BlockFacts[]> {
  const argv = ["lsblk", "--json", "--nodeps", "--output", "NAME,MODEL,SERIAL,WWN,REV"];
  const result = await world.run(argv, { timeoutSeconds: 30 });
  if (result.status !== 0) return [];
  try {
    return listing.parse(JSON.parse(result.output)).blockdevices;
  } catch {
    return [];
  }
}
