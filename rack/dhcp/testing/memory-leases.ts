import type { LeaseCommitAnswer, LeaseGrant, LeaseOfferAnswer, RackSubnet } from "@rackwright/contract";
import { addressFromNumber, addressToNumber } from "@rackwright/dhcp";
import type { LeaseLink, LeaseReport } from "../lease-source.ts";

/** A region in memory, for tests of the face: one address per hardware address, never two on one address. */
export interface MemoryLeases extends LeaseLink {
  owner: (address: string) => string | undefined;
  reports: LeaseReport[];
  batches: { offers: number[]; commits: number[] };
}

/** `delayMilliseconds` stands for the way to the region and its disk. */
export function memoryLeases(subnets: readonly RackSubnet[], delayMilliseconds = 0): MemoryLeases {
  const byMac = new Map<string, string>();
  const byAddress = new Map<string, string>();
  const bad = new Set<string>();
  const cursors = new Map<number, number>();
  const reports: LeaseReport[] = [];
  const batches = { offers: [] as number[], commits: [] as number[] };
  const key = (mac: string, subnetId: number): string => `${subnetId} ${mac}`;

  const allocate = (mac: string, subnetId: number): string | undefined => {
    const mine = byMac.get(key(mac, subnetId));
    if (mine !== undefined) return mine;
    const range = subnets.find(({ id }) => id === subnetId)?.ranges[0];
    if (range === undefined) return undefined;
    const last = addressToNumber(range.last);
    let next = cursors.get(subnetId) ?? addressToNumber(range.first);
    let address = addressFromNumber(next);
    while (next <= last && (byAddress.has(address) || bad.has(address))) {
      next += 1;
      address = addressFromNumber(next);
    }
    cursors.set(subnetId, next);
    if (next > last) return undefined;
    byMac.set(key(mac, subnetId), address);
    byAddress.set(address, mac);
    return address;
  };
  const grant = (address: string): LeaseGrant => ({ address, lease_seconds: 600, hostname: null });
  const pause = async (): Promise<void> => {
    if (delayMilliseconds > 0)
      await new Promise((resolve) => {
        setTimeout(resolve, delayMilliseconds);
      });
  };
  return {
    owner: (address) => byAddress.get(address),
    reports,
    batches,
    async offer(requests) {
      await pause();
      batches.offers.push(requests.length);
      return requests.map(({ mac, subnet_id }): LeaseOfferAnswer => {
        const address = allocate(mac, subnet_id);
        return address === undefined ? { refused: "no-free-address", reason: "the range is full" } : grant(address);
      });
    },
    async commit(requests) {
      await pause();
      batches.commits.push(requests.length);
      return requests.map(({ mac, subnet_id, address }): LeaseCommitAnswer => {
        if (byMac.get(key(mac, subnet_id)) === address) return grant(address);
        if (byAddress.has(address)) return { refused: "address-in-use", reason: `${address} is another client's` };
        return { refused: "not-yours", reason: `${address} was not offered to ${mac}` };
      });
    },
    async report(items) {
      await pause();
      reports.push(...items);
      for (const { action, mac, subnet_id, address } of items) {
        if (byMac.get(key(mac, subnet_id)) !== address) continue;
        byMac.delete(key(mac, subnet_id));
        byAddress.delete(address);
        if (action === "decline") bad.add(address);
        cursors.delete(subnet_id);
      }
    },
  };
}
