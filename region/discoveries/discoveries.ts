import { type Discovery, discovery } from "@rackwright/contract";
import { type Kysely, type RawBuilder, sql } from "kysely";
import type { Database, Transaction } from "../database/pool.ts";
import type { Tables } from "../database/tables.ts";
import { NotFound, StateConflict } from "../errors.ts";
import { appendAudit } from "../events/audit.ts";
import { declareList } from "../filter/list.ts";
import { type Asked, listPage } from "../filter/page.ts";
import type { By } from "../machines/ask.ts";
import { holds, parseIp, parseNetwork } from "../networks/ip.ts";
import type { Page } from "../page.ts";
import { type Caller, seesEverything, visibleMachines } from "../users/access.ts";

/** Seen by a rack: the network it was on, and the rack's interface there. */
export type Seen = Discovery & {
  fabric: string;
  vid: number;
  observer: { system_id: string; hostname: string; interface_name: string } | null;
};
type Row = Omit<Seen, "id" | "observer" | "rack" | "last_seen"> & { last_seen: Date };

/** What names a discovery in paths. */
export const discoveryId = (address: string, mac: string): string =>
  Buffer.from(`${address},${mac}`).toString("base64");

/** Address and MAC address of an id; null for a text that is none. */
export function readDiscoveryId(id: string): { address: string; mac: string } | null {
  const text = Buffer.from(id.slice(0, 200), "base64").toString("latin1");
  const [, address = "", mac = ""] = /^([0-9a-f.:]{2,45}),([0-9a-f:]{17})$/i.exec(text) ?? [];
  return parseIp(address) === undefined ? null : { address: address.toLowerCase(), mac: mac.toLowerCase() };
}

/** Cards that were seen and not forgotten, those the caller may know of, of which a condition on leases `l` is true. */
const seenWhere = (caller: Caller, condition: RawBuilder<boolean>) => sql<Row>`
    select host(l.address) as address, l.mac, l.hostname, l.subnet_id, s.vlan_id, l.updated_at as last_seen, v.vid,
      f.name as fabric, card.id is not null as known_mac,
      card.id is not null or exists (select from ip_addresses a where a.address = l.address) as known_address
    from leases l join subnets s on s.id = l.subnet_id join vlans v on v.id = s.vlan_id
      join fabrics f on f.id = v.fabric_id left join interfaces card on card.mac = l.mac
      left join machines on machines.id = card.machine_id
    where l.state = 'leased'
      and not exists (select from discovery_clearings c where c.cleared_at >= l.updated_at
        and (c.mac is null or c.mac = l.mac) and (c.address is null or c.address = l.address))
      and (${seesEverything(caller)} or machines.id is null or ${visibleMachines(caller)}) and ${condition}`;

export const discoveryList = declareList("discoveries", discovery, {
  order: ["last_seen", "address", "mac"],
  fields: {
    // What `discoveryId` makes.
    id: {
      value: sql`translate(encode(convert_to(listed.address || ',' || listed.mac, 'UTF8'), 'base64'), E'\\n', '')`,
    },
    address: { address: true },
    // What `racksIn` finds.
    rack: {
      value: sql`(select r.name from racks r, jsonb_to_recordset(r.interfaces) as device(addresses jsonb),
        jsonb_array_elements_text(device.addresses) as cidr
        where listed.address::inet <<= cidr::inet order by r.id limit 1)`,
    },
  },
});

/** One page of what was seen, filtered and sorted as asked for; else the newest last. @throws InputError */
export async function pageOfDiscoveries(
  db: Kysely<Tables>,
  caller: Caller,
  {
    known_mac,
    known_address,
    ...asked
  }: Asked & { known_mac?: string | undefined; known_address?: string | undefined },
): Promise<Page<Seen>> {
  const is = (column: string, wanted: string | undefined) =>
    wanted === undefined ? sql`true` : sql`${sql.ref(`seen.${column}`)} = ${wanted}::boolean`;
  const rows = sql<Row>`select * from (${seenWhere(caller, sql<boolean>`true`)}) as seen
    where ${is("known_mac", known_mac)} and ${is("known_address", known_address)}`;
  const { items, next } = await listPage(db, discoveryList, rows, asked);
  return { items: await withObservers(db, items), next };
}

/**
 * Cards that were seen with an address on networks of ours, the newest last: those our DHCP gave one, whoever they are.
 * Cards of machines the caller may not know of are left out.
 *
 * @param only this one
 */
export async function listDiscoveries(
  db: Kysely<Tables>,
  caller: Caller,
  only: { address: string; mac: string } | null = null,
): Promise<Seen[]> {
  const wanted = sql<boolean>`(${only?.address ?? null}::inet is null
    or l.address = ${only?.address ?? null}::inet and l.mac = ${only?.mac ?? ""})`;
  const { rows } = await sql<Row>`
    ${seenWhere(caller, wanted)} order by l.updated_at, l.address limit 100000`.execute(db);
  return withObservers(db, rows);
}

async function withObservers(db: Kysely<Tables>, rows: readonly Row[]): Promise<Seen[]> {
  const observers = await racksIn(db);
  return rows.map((row) => {
    const observer = observers(row.address);
    return {
      ...row,
      id: discoveryId(row.address, row.mac),
      last_seen: row.last_seen.toISOString(),
      observer,
      rack: observer?.hostname ?? null,
    };
  });
}

/** Which rack has an interface on the network of an address. */
async function racksIn(db: Kysely<Tables>) {
  const racks = await db.selectFrom("racks").select(["system_id", "name", "interfaces"]).orderBy("id").execute();
  const places = racks.flatMap(({ system_id, name, interfaces }) =>
    interfaces.flatMap((device) =>
      device.addresses.flatMap((cidr) => {
        const network = parseNetwork(cidr);
        return network === undefined ? [] : [{ system_id, hostname: name, interface_name: device.name, network }];
      }),
    ),
  );
  return (address: string): Seen["observer"] => {
    const ip = parseIp(address);
    const found = ip === undefined ? undefined : places.find(({ network }) => holds(network, ip));
    if (found === undefined) return null;
    const { network: _network, ...observer } = found;
    return observer;
  };
}

/** @throws NotFound */
export async function readDiscovery(db: Kysely<Tables>, caller: Caller, id: string): Promise<Seen> {
  const wanted = readDiscoveryId(id);
  const [found] = wanted === null ? [] : await listDiscoveries(db, caller, wanted);
  if (found === undefined)
    throw new NotFound(`There is no discovery ${id.slice(0, 100)}.`, {
      next: "GET /api/v1/discoveries lists those there are.",
    });
  return found;
}

/** Forgets what was seen until now; who is seen again is listed again. Leases stay as they are. */
export async function clearDiscoveries(db: Database, { caller, now }: By): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await tx.deleteFrom("discovery_clearings").execute();
    await tx.insertInto("discovery_clearings").values({ mac: null, address: null, cleared_at: now }).execute();
    await tell(tx, { caller, now }, "cleared all discoveries", {});
  });
}

/** Forgets one. @throws NotFound where it was not seen */
export async function clearDiscovery(
  db: Database,
  { address, mac }: { address: string; mac: string },
  { caller, now }: By,
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await readDiscovery(tx, caller, discoveryId(address, mac));
    await tx
      .insertInto("discovery_clearings")
      .values({ mac, address, cleared_at: now })
      .onConflict((conflict) => conflict.columns(["mac", "address"]).doUpdateSet({ cleared_at: now }))
      .execute();
    await tell(tx, { caller, now }, `cleared the discovery of ${mac} with ${address}`, { mac, address });
  });
}

function tell(tx: Transaction, { caller, now }: By, deed: string, data: Record<string, string>): Promise<void> {
  const message = `${caller.username} ${deed}`;
  return appendAudit(tx, { type: "discovery.changed", at: now, actor: caller.username, message, data });
}

/** Racks only look at what comes to them. @throws StateConflict always */
export function refuseScan(): never {
  throw new StateConflict("Racks do not scan networks: what their DHCP servers see is discovered by itself.", {
    next: "Turn DHCP on in the subnet, or look at the leases.",
  });
}
