import { sql } from "kysely";
import type { Database } from "../database/pool.ts";
import { InputError, StateConflict } from "../errors.ts";
import type { By } from "../machines/ask.ts";
import { interfacesOf, readInterface, shown, tell } from "./change.ts";
import { ofNode } from "./checks.ts";
import { clearLinks } from "./link-rows.ts";
import { lockNode } from "./node.ts";
import { pickAddress, requireUsableAddress } from "./pick-address.ts";
import type { Interface } from "./read.ts";

/**
 * How a device gets its address: `static` one of ours, the given or a free one; `dynamic` by DHCP, so that we know none;
 * `external` one that nobody here gives out.
 */
export type Assignment = {
  kind: "static" | "dynamic" | "external";
  address: string | null;
  subnet_id: number | null;
};

/**
 * Gives a device's interface its address, in place of those it has.
 *
 * @throws InputError for what does not fit, StateConflict for an address that is taken; errors as of `lockNode`
 */
export async function assignDeviceAddress(
  db: Database,
  nodeId: string,
  interfaceId: number,
  { kind, address, subnet_id }: Assignment,
  by: By,
): Promise<Interface> {
  return db.transaction().execute(async (tx) => {
    const node = await lockNode(tx, nodeId, by.caller);
    const before = await readInterface(tx, nodeId, String(interfaceId), by.now);
    await clearLinks(tx, [interfaceId]);
    if (kind !== "dynamic") {
      if (kind === "external" && address === null)
        throw InputError.field("address", null, "must be given for an external address");
      const around = await sql<{ id: number }>`
        select id from subnets where cidr >>= ${address}::inet or id = ${subnet_id} order by id = ${subnet_id} desc
        nulls last limit 1`.execute(tx);
      const subnet = around.rows[0]?.id ?? null;
      if (kind === "static" && subnet === null)
        throw InputError.field("subnet_id", subnet_id, "must be given, or an address of a subnet there is");
      if (kind === "external" && subnet !== null)
        throw InputError.field("address", address, "must not be in a subnet there is; make it static");
      const own =
        kind === "external" || subnet === null
          ? (address ?? "")
          : address === null
            ? await pickAddress(tx, subnet, by.now)
            : await requireUsableAddress(tx, subnet, address, by.now);
      const row = await tx
        .insertInto("ip_addresses")
        .values({ address: own, subnet_id: subnet, kind: "static", created_at: by.now, updated_at: by.now })
        .onConflict((conflict) => conflict.column("address").doNothing())
        .returning("id")
        .executeTakeFirst();
      if (row === undefined)
        throw new StateConflict(`The IP address ${own} is already in use.`, { next: "Choose another address." });
      await tx
        .insertInto("interface_links")
        .values({ interface_id: interfaceId, mode: "static", subnet_id: subnet, ip_address_id: row.id })
        .execute();
    }
    const after = ofNode(await interfacesOf(tx, nodeId, by.now), interfaceId);
    const states = { before: shown(before), after: shown(after), id: interfaceId };
    await tell(tx, node, by, `gave an address to interface ${before.name} of`, states);
    return after;
  });
}
