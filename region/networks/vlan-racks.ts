import type { Vlan } from "@rackwright/contract";
import type { Transaction } from "../database/pool.ts";
import { InputError } from "../errors.ts";
import { rackSilence } from "../racks/rows.ts";

type Racks = Pick<Vlan, "primary_rack" | "secondary_rack">;
type Change = { primary_rack?: string | null | undefined; secondary_rack?: string | null | undefined };

/**
 * Which racks answer DHCP on a VLAN after a change. Where the first is taken away the second takes its place.
 *
 * @throws InputError for a rack that is not known, or both the same, or a second one beside none or a dead one
 */
export async function decideRacks(tx: Transaction, before: Racks, change: Change, now: Date): Promise<Racks> {
  const wanted = {
    primary_rack: change.primary_rack === undefined ? before.primary_rack : change.primary_rack,
    secondary_rack: change.secondary_rack === undefined ? before.secondary_rack : change.secondary_rack,
  };
  const rows = await racksOf(tx, wanted);
  for (const field of ["primary_rack", "secondary_rack"] as const)
    if (wanted[field] !== null && !rows.some(({ name }) => name === wanted[field]))
      throw InputError.field(field, wanted[field], "must be the name of a rack that exists; see /api/v1/racks");
  if (change.primary_rack === null && wanted.secondary_rack !== null)
    return { primary_rack: wanted.secondary_rack, secondary_rack: null };
  if (wanted.secondary_rack === null) return wanted;
  if (wanted.primary_rack === wanted.secondary_rack)
    throw InputError.field("secondary_rack", wanted.secondary_rack, "must be another rack than the primary one");
  const primary = rows.find(({ name }) => name === wanted.primary_rack);
  if (primary === undefined)
    throw InputError.field("secondary_rack", wanted.secondary_rack, "needs a primary rack; name it as well");
  const alone = change.primary_rack === undefined && wanted.secondary_rack !== before.secondary_rack;
  const alive = primary.seen_at !== null && now.getTime() - primary.seen_at.getTime() < rackSilence * 1000;
  if (alone && !alive)
    throw InputError.field(
      "secondary_rack",
      wanted.secondary_rack,
      `can be set alone only while the primary rack ${primary.name} is connected; name both`,
    );
  return wanted;
}

/** The racks by their numbers. */
export async function rackIds(tx: Transaction, racks: Racks) {
  const rows = await racksOf(tx, racks);
  const idOf = (rack: string | null): number | null => rows.find(({ name }) => name === rack)?.id ?? null;
  return { primary_rack_id: idOf(racks.primary_rack), secondary_rack_id: idOf(racks.secondary_rack) };
}

function racksOf(tx: Transaction, { primary_rack, secondary_rack }: Racks) {
  return tx
    .selectFrom("racks")
    .select(["id", "name", "seen_at"])
    .where("name", "in", [primary_rack ?? "", secondary_rack ?? ""])
    .execute();
}
