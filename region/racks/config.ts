import { createHash } from "node:crypto";
import type { ImageFile, RackConfig, RackInterface } from "@rackwright/contract";
import { sql } from "kysely";
import type { Database, Transaction } from "../database/pool.ts";
import { contains, toBlock } from "../networks/address.ts";
import { listSubnets } from "../networks/subnets.ts";

/** Domain that DHCP tells machines (option 15) while no setting names one. */
const defaultDomain = "rackwright.internal";

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
      const subnets = await subnetsOf(
        tx,
        racks.filter(({ name }) => name === rack).flatMap(addressesOf),
        racks.flatMap(addressesOf),
      );
      const ids = subnets.map((subnet) => subnet.id);
      return {
        version: moment.rows[0]?.version ?? 0,
        subnets,
        hosts: await machineAddresses(tx, ids),
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
 * Subnets the rack has an address on, and those no rack is on: their DHCP requests come through relay agents.
 * @param mine addresses of this rack
 * @param everybodys addresses of all racks
 */
async function subnetsOf(
  tx: Transaction,
  mine: readonly string[],
  everybodys: readonly string[],
): Promise<RackConfig["subnets"]> {
  const setting = await tx.selectFrom("settings").select("value").where("name", "=", "domain").executeTakeFirst();
  const domain = typeof setting?.value === "string" ? setting.value : defaultDomain;
  const served = (await listSubnets(tx, 0, 100_000)).filter(({ cidr }) => {
    const block = toBlock(cidr);
    const has = (address: string): boolean => contains(block, address);
    return mine.some(has) || !everybodys.some(has);
  });
  return served.map(({ dynamic_ranges, ...subnet }) => ({ ...subnet, domain, ranges: dynamic_ranges }));
}

async function machineAddresses(tx: Transaction, subnets: number[]): Promise<RackConfig["hosts"]> {
  const { rows } = await sql<RackConfig["hosts"][number]>`
    select l.mac, host(l.address) as address, l.subnet_id, m.hostname
    from leases l join interfaces i on i.mac = l.mac join machines m on m.id = i.machine_id
    where l.subnet_id = any(${subnets}::bigint[]) and l.state <> 'declined' order by l.subnet_id, l.address`.execute(
    tx,
  );
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
