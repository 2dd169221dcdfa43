import type { BootExplainQuery, BootExplanation, RackInterface } from "@rackwright/contract";
import { sql } from "kysely";
import type { Database } from "../database/pool.ts";
import { contains, toBlock } from "../networks/address.ts";

/** A rack that can be asked, as far as the choice goes. */
export type AskableRack = { readonly rack: string; readonly interfaces: readonly RackInterface[] };

type Place = NonNullable<BootExplanation["place"]>;
type Traces = { rack: string | null; device: string | null; address: string | null; served: string[] };

/**
 * Which rack would answer this card, and on which device: the one named, else the one that saw its last DHCP packet,
 * else one on the subnet where it has an address, else one on a subnet with DHCP, else the first by name. Null where
 * the one named, or any, is not linked here.
 */
export async function findPlace(
  db: Database,
  { mac, rack, interface: device, relay }: BootExplainQuery,
  racks: readonly AskableRack[],
): Promise<Place | null> {
  const named = device ?? null;
  if (rack !== undefined) {
    const linked = racks.some((each) => each.rack === rack);
    return linked ? { rack, interface: named, why: "it was named in the question" } : null;
  }
  const able = racks
    .filter(({ interfaces }) => named === null || interfaces.some(({ name }) => name === named))
    .toSorted((one, other) => one.rack.localeCompare(other.rack));
  const traces = await readTraces(db, mac);
  const seer = able.find((each) => each.rack === traces.rack);
  if (seer !== undefined) {
    const last = seer.interfaces.find(({ name }) => name === traces.device)?.name ?? null;
    // A relayed packet comes in wherever the network routes it.
    return { rack: seer.rack, interface: relay === undefined ? (named ?? last) : named, why: "it saw the card last" };
  }
  const { address } = traces;
  const near = address === null ? undefined : able.find((each) => touches(each, [`${address}/32`]));
  if (near !== undefined) return { rack: near.rack, interface: named, why: `it is on the subnet of ${address}` };
  const serving = able.find((each) => touches(each, traces.served));
  if (serving !== undefined)
    return {
      rack: serving.rack,
      interface: named,
      why: "it is on a subnet with DHCP; nothing was seen of the card yet",
    };
  const [first] = able;
  return first === undefined
    ? null
    : { rack: first.rack, interface: named, why: "no rack is on a subnet with DHCP; it is the first by name" };
}

/** Whether a rack has an interface on one of these networks, or whose network holds one of them. */
function touches({ interfaces }: AskableRack, networks: readonly string[]): boolean {
  const own = interfaces.flatMap(({ addresses }) => addresses);
  const base = (cidr: string): string => cidr.split("/")[0] ?? "";
  return own.some((cidr) =>
    networks.some((network) => contains(toBlock(network), base(cidr)) || contains(toBlock(cidr), base(network))),
  );
}

async function readTraces(db: Database, mac: string): Promise<Traces> {
  const { rows } = await sql<Traces>`
    select seen.rack, seen.device,
      (select host(address) from leases where mac = ${mac} and state <> 'declined'
       order by expires_at desc limit 1) as address,
      coalesce((select jsonb_agg(cidr::text order by id) from subnets where dhcp), '[]') as served
    from (select 1) one left join lateral (
      select rack, data ->> 'device' as device from events
      where mac = ${mac} and rack is not null and type like 'dhcp.%' order by id desc limit 1
    ) seen on true`.execute(db);
  return rows[0] ?? { rack: null, device: null, address: null, served: [] };
}
