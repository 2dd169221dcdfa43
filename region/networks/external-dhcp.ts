import { foreignDhcpServer, type RackEvent } from "@rackwright/contract";
import { sql } from "kysely";
import type { Transaction } from "../database/pool.ts";
import { parseIp } from "./ip.ts";

/** Notes at the VLANs of a rack's devices which DHCP servers that are not ours it saw there, as its events tell. */
export async function noteExternalDhcp(tx: Transaction, rack: string, events: readonly RackEvent[]): Promise<void> {
  const seen = events.flatMap(({ failure, address, data }) => {
    const { device } = data;
    const isSighting = failure?.code === foreignDhcpServer.code && typeof device === "string";
    return isSighting && address !== null && parseIp(address) !== undefined ? [{ device, address }] : [];
  });
  if (seen.length === 0) return;
  // Of several the last one told counts.
  const last = [...new Map(seen.map((one) => [one.device, one])).values()];
  await sql`
    update vlans v set external_dhcp = w.address
    from unnest(${last.map(({ device }) => device)}::text[], ${last.map(({ address }) => address)}::inet[])
           as w(device, address),
      racks r, jsonb_to_recordset(r.interfaces) as i(name text, addresses jsonb),
      jsonb_array_elements_text(i.addresses) as a(cidr), subnets s
    where r.name = ${rack} and i.name = w.device and s.cidr >>= host(a.cidr::inet)::inet and v.id = s.vlan_id
      and v.external_dhcp is distinct from w.address`.execute(tx);
}
