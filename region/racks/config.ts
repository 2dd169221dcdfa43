import { createHash } from "node:crypto";
import { isIPv4 } from "node:net";
import type { ImageFile, RackConfig, RackInterface } from "@rackwright/contract";
import { sql } from "kysely";
import type { Database, Transaction } from "../database/pool.ts";
import { contains, toBlock } from "../networks/address.ts";
import { parseNetwork } from "../networks/ip.ts";
import { reservedAndFree } from "../networks/lease-rows.ts";
import { listSubnets } from "../networks/subnets.ts";
import { listVlans } from "../networks/vlans.ts";

/** Domain that DHCP tells machines (option 15) while no setting names one. */
const defaultDomain = "rackwright.internal";
/** What clients assume anyway. */
const usualMtu = 1500;

/**
 * Everything a rack must know, read from one moment of the database. `version` grows from one moment to the next,
 * whichever region builds the document.
 */
export async function buildRackConfig(db: Database, rack: string, now: Date): Promise<RackConfig> {
  return db
    .transaction()
    .setIsolationLevel("repeatable read")
    .execute(async (tx) => {
      const moment = await sql<{ version: number }>`
        select pg_snapshot_xmax(pg_current_snapshot())::text::bigint as version`.execute(tx);
      const racks = await tx.selectFrom("racks").select(["name", "interfaces"]).orderBy("name").execute();
      const mine = racks.filter(({ name }) => name === rack).flatMap(addressesOf);
      const subnets = await subnetsOf(tx, rack, mine, racks.flatMap(addressesOf));
      const ids = subnets.map((subnet) => subnet.id);
      return {
        version: moment.rows[0]?.version ?? 0,
        subnets,
        hosts: await machineAddresses(tx, ids, now),
        leases: await runningLeases(tx, ids, now),
        ...(await files(tx)),
        racks: racks.flatMap(addressesOf),
      };
    });
}

/** Names a document's content: equal documents need not be sent again. */
export function configDigest(config: RackConfig): string {
  return createHash("sha256")
    .update(JSON.stringify({ ...config, version: 0 }))
    .digest("hex");
}

const addressesOf = ({ interfaces }: { interfaces: RackInterface[] }): string[] =>
  interfaces.flatMap((device) => device.addresses.map((cidr) => cidr.split("/")[0] ?? ""));

/**
 * IPv4 subnets the rack has an address on, those no rack is on, whose DHCP requests come through relay agents, and those
 * whose VLAN names the rack. Where a VLAN names racks, the others do not answer DHCP.
 * @param mine addresses of this rack
 * @param everybodys addresses of all racks
 */
async function subnetsOf(
  tx: Transaction,
  rack: string,
  mine: readonly string[],
  everybodys: readonly string[],
): Promise<RackConfig["subnets"]> {
  const setting = await tx.selectFrom("settings").select("value").where("name", "=", "domain").executeTakeFirst();
  const domain = typeof setting?.value === "string" ? setting.value : defaultDomain;
  const vlans = new Map((await listVlans(tx, 0, 1_000_000)).map((vlan) => [vlan.id, vlan]));
  return (await listSubnets(tx, 0, 100_000)).flatMap((subnet) => {
    if (parseNetwork(subnet.cidr)?.version !== 4) return [];
    const vlan = vlans.get(subnet.vlan_id);
    const named = [vlan?.primary_rack, vlan?.secondary_rack].filter((name) => typeof name === "string");
    const block = toBlock(subnet.cidr);
    const has = (address: string): boolean => contains(block, address);
    if (!named.includes(rack) && !mine.some(has) && everybodys.some(has)) return [];
    const { id, cidr, gateway, ntp_servers, mtu } = subnet;
    return {
      id,
      cidr,
      gateway,
      // DHCP for IPv4 has no place for other addresses.
      dns_servers: subnet.dns_servers.filter(isIPv4),
      ntp_servers: ntp_servers.filter(isIPv4),
      mtu: mtu ?? (vlan === undefined || vlan.mtu === usualMtu ? null : vlan.mtu),
      dhcp: subnet.dhcp && (named.length === 0 || named.includes(rack)),
      domain,
      ranges: subnet.dynamic_ranges,
    };
  });
}

/** Addresses that are somebody's for good: machines' leases, and what is reserved for a card, which comes first. */
async function machineAddresses(tx: Transaction, subnets: number[], now: Date): Promise<RackConfig["hosts"]> {
  const { rows } = await sql<RackConfig["hosts"][number]>`
    select mac, host(address) as address, subnet_id, hostname from (
      select l.mac, l.address, l.subnet_id, m.hostname
      from leases l join interfaces i on i.mac = l.mac join machines m on m.id = i.machine_id
      where l.subnet_id = any(${subnets}::bigint[]) and l.state <> 'declined'
        and not exists (select from reserved_ips kept where kept.subnet_id = l.subnet_id and ${reservedAndFree(now)}
                        and (kept.mac = l.mac or kept.address = l.address))
      union all
      select kept.mac, kept.address, kept.subnet_id, coalesce(m.hostname, d.hostname)
      from reserved_ips kept left join interfaces i on i.mac = kept.mac
        left join machines m on m.id = i.machine_id left join devices d on d.id = i.device_id
      where kept.subnet_id = any(${subnets}::bigint[]) and ${reservedAndFree(now)}
    ) as known order by subnet_id, address`.execute(tx);
  return rows;
}

async function runningLeases(tx: Transaction, subnets: number[], now: Date): Promise<RackConfig["leases"]> {
  const { rows } = await sql<Omit<RackConfig["leases"][number], "expires_at"> & { expires_at: Date }>`
    select mac, host(address) as address, subnet_id, expires_at, hostname from leases
    where subnet_id = any(${subnets}::bigint[]) and state = 'leased' and expires_at > ${now}
    order by subnet_id, address`.execute(tx);
  return rows.map((row) => ({ ...row, expires_at: row.expires_at.toISOString() }));
}

/** The newest image of a name wins where two bring a loader of one name. */
async function files(tx: Transaction): Promise<{ loaders: ImageFile[]; images: ImageFile[] }> {
  const rows = await tx.selectFrom("images").select(["kind", "files"]).orderBy("built_at").orderBy("name").execute();
  const loaders = new Map<string, ImageFile>();
  const images = new Map<string, ImageFile>();
  for (const { kind, files } of rows)
    for (const file of files)
      if (kind === "bootloader") loaders.set(file.name, file);
      else images.set(file.sha256, file);
  return { loaders: [...loaders.values()], images: [...images.values()] };
}
