import { json } from "../database/pool.ts";
import type { Transaction } from "../database/pool.ts";
import { freeName } from "./checks.ts";
import { loadInterfaces } from "./read.ts";

/** How the bridges of an allocation are. */
export type BridgeWish = { type: "standard" | "ovs"; stp: boolean; fd: number };

/**
 * Puts a bridge on every interface of the machine that has a link and is in no bridge or bond, and moves its links there.
 * They end with the machine's use (`endUse`). For a machine whose row is locked.
 */
export async function acquireBridges(tx: Transaction, machineId: string, wish: BridgeWish, now: Date): Promise<void> {
  const all = (await loadInterfaces(tx, { nodes: [machineId] }, now)).get(machineId) ?? [];
  const members = new Set(all.filter(({ type }) => type === "bond" || type === "bridge").flatMap((one) => one.parents));
  const params = { bridge_type: wish.type, bridge_stp: wish.stp, bridge_fd: wish.fd };
  const names = all.map(({ name }) => ({ name }));
  for (const one of all) {
    if (one.type === "bridge" || one.links.length === 0 || members.has(one.id)) continue;
    const wanted = `br-${one.name}`.slice(0, 15);
    const name = names.some((other) => other.name === wanted) ? freeName(names, "br-") : wanted;
    names.push({ name });
    const { id } = await tx
      .insertInto("interfaces")
      .values({
        machine_id: machineId,
        name,
        type: "bridge",
        mac: null,
        mac_from_id: one.id,
        vlan_id: one.vlan_id,
        mtu: one.mtu,
        params: json(params),
        configured: true,
        acquired: true,
      })
      .returning("id")
      .executeTakeFirstOrThrow();
    await tx.insertInto("interface_parents").values({ interface_id: id, parent_id: one.id }).execute();
    await tx.updateTable("interface_links").set({ interface_id: id }).where("interface_id", "=", one.id).execute();
  }
}
