import { device } from "@rackwright/contract";
import { type Kysely, type RawBuilder, sql } from "kysely";
import type { Tables } from "../database/tables.ts";
import { NotFound } from "../errors.ts";
import { declareList } from "../filter/list.ts";
import { type Asked, listPage } from "../filter/page.ts";
import { type Interface, loadInterfaces } from "../interfaces/read.ts";
import type { Page } from "../page.ts";
import { type Caller, visibleMachines } from "../users/access.ts";

export type DeviceRow = {
  id: string;
  hostname: string;
  description: string;
  domain_id: number;
  fqdn: string;
  zone_id: number;
  zone: string;
  owner_id: number | null;
  owner: string | null;
  parent_id: string | null;
  address_ttl: number | null;
  swap_size: number | null;
  owner_data: Record<string, string>;
  created_at: Date;
  interfaces: Interface[];
};

/** Whether the caller may know of a device: one on a machine of somebody else's is hidden with it. */
export const visibleDevices = (caller: Caller): RawBuilder<boolean> => sql<boolean>`(devices.parent_id is null
  or devices.owner_id = ${caller.id}
  or exists (select from machines where machines.id = devices.parent_id and ${visibleMachines(caller)}))`;

const devicesWhere = (condition: RawBuilder<boolean>) => sql<Omit<DeviceRow, "interfaces">>`
    select devices.id, devices.hostname, devices.description, devices.domain_id,
      devices.hostname || '.' || domains.name as fqdn, devices.zone_id, zones.name as zone, devices.owner_id,
      users.username as owner, devices.parent_id, devices.address_ttl, devices.swap_size, devices.owner_data,
      devices.created_at
    from devices join domains on domains.id = devices.domain_id join zones on zones.id = devices.zone_id
      left join users on users.id = devices.owner_id
    where ${condition}`;

export const deviceList = declareList("devices", device, {
  order: ["created_at", "id"],
  fields: {
    zone: { cased: true },
    owner: { cased: true },
    parent: { value: sql`listed.parent_id` },
    annotations: null,
    interfaces: null,
    mac: {
      rows: sql`(select card.mac from interfaces as card where card.device_id = listed.id and card.mac is not null)`,
      meaning: "MAC address of one of its network cards",
    },
    address: {
      rows: sql`(select host(fixed.address) from interfaces as card join interface_links as link
        on link.interface_id = card.id join ip_addresses as fixed on fixed.id = link.ip_address_id
        where card.device_id = listed.id)`,
      meaning: "IP address one of its interfaces is configured with",
    },
  },
});

/**
 * One page of the devices the caller may know of, with their interfaces; in the order in which they were made unless
 * another one is asked for.
 *
 * @throws InputError
 */
export async function pageOfDevices(
  db: Kysely<Tables>,
  asked: Asked,
  { viewer, now }: { viewer: Caller; now: Date },
): Promise<Page<DeviceRow>> {
  const { items, next } = await listPage(db, deviceList, devicesWhere(visibleDevices(viewer)), asked);
  return { items: await withInterfaces(db, items, now), next };
}

async function withInterfaces(
  db: Kysely<Tables>,
  rows: readonly Omit<DeviceRow, "interfaces">[],
  now: Date,
): Promise<DeviceRow[]> {
  if (rows.length === 0) return [];
  const interfaces = await loadInterfaces(db, { nodes: rows.map(({ id }) => id) }, now);
  return rows.map((row) => ({ ...row, interfaces: interfaces.get(row.id) ?? [] }));
}

/** Devices of which the condition (on `devices`) is true, in the order in which they were made, with their interfaces. */
export async function listDevices(
  db: Kysely<Tables>,
  where: RawBuilder<boolean>,
  { now, limit = 100_000 }: { now: Date; limit?: number },
): Promise<DeviceRow[]> {
  const { rows } = await sql<Omit<DeviceRow, "interfaces">>`
    ${devicesWhere(where)} order by devices.created_at, devices.id limit ${limit}`.execute(db);
  return withInterfaces(db, rows, now);
}

/** @throws NotFound */
export async function readDevice(db: Kysely<Tables>, id: string, caller: Caller, now: Date): Promise<DeviceRow> {
  const [found] = await listDevices(db, sql<boolean>`devices.id = ${id} and ${visibleDevices(caller)}`, { now });
  if (found === undefined)
    throw new NotFound(`There is no device ${id}.`, { next: "GET /api/v1/devices lists those there are." });
  return found;
}
