import type { Transaction } from "../database/pool.ts";

/** Deletes all links of interfaces; their addresses are free again. */
export async function clearLinks(tx: Transaction, interfaceIds: readonly number[]): Promise<void> {
  if (interfaceIds.length === 0) return;
  await tx.deleteFrom("interface_links").where("interface_id", "in", interfaceIds).execute();
}

/** A connected interface without any link is brought up without an address. */
export async function ensureLinkUp(tx: Transaction, interfaceId: number, vlanId: number | null): Promise<void> {
  if (vlanId === null) return;
  const link = await tx
    .selectFrom("interface_links")
    .select("id")
    .where("interface_id", "=", interfaceId)
    .executeTakeFirst();
  if (link === undefined)
    await tx.insertInto("interface_links").values({ interface_id: interfaceId, mode: "link_up" }).execute();
}
