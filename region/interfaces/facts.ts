import type { NetworkInterface } from "@rackwright/contract";
import { json } from "../database/pool.ts";
import { parseIp } from "../networks/ip.ts";

const largest = 2_147_483_647;
/** A number of a report as a column takes it: machines may say anything. */
const bounded = (number: number | null): number => Math.min(Math.max(number ?? 0, 0), largest);

/** What a machine told of a card, as columns of its interface. */
export function cardColumns({ name, mac, ...card }: NetworkInterface) {
  return {
    name,
    mac,
    details: json({ ...card, kernel_name: name }),
    vendor: card.vendor,
    product: card.product,
    firmware_version: card.firmware_version,
    link_connected: card.link,
    interface_speed: bounded(card.max_speed_mbps ?? card.speed_mbps),
    link_speed: card.link ? bounded(card.speed_mbps) : 0,
    numa_node: card.numa_node === null ? null : bounded(card.numa_node),
    sriov_max_vf: bounded(card.sriov_max_vfs),
    seen: seenOn(card.addresses),
  };
}

/** The addresses of a card that may say in which subnet it is; whatever else is said, is not kept. */
function seenOn(addresses: readonly string[]): string[] {
  const plain = addresses.map((text) => text.split("/")[0] ?? "").filter((text) => parseIp(text) !== undefined);
  return plain.filter((text) => !/^(127\.|169\.254\.|fe80:|::1$)/i.test(text)).slice(0, 64);
}
