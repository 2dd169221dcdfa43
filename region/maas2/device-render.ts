import type { Kysely } from "kysely";
import type { Tables } from "../database/tables.ts";
import type { DeviceRow } from "../devices/read.ts";
import { listDomains } from "../dns/domains.ts";
import { renderDomain } from "./domain-render.ts";
import { renderNetwork } from "./interface-render.ts";
import { loadNetworks } from "./network-render.ts";
import { renderZone } from "./places.ts";

/** Devices as MAAS's API shows them; a fixed number of queries. */
export async function renderDevices(db: Kysely<Tables>, devices: readonly DeviceRow[]): Promise<object[]> {
  if (devices.length === 0) return [];
  const domains = new Map((await listDomains(db)).map((domain) => [domain.id, renderDomain(domain)]));
  const zoneRows = await db.selectFrom("zones").select(["id", "name", "description"]).execute();
  const zones = new Map(zoneRows.map((zone) => [zone.id, renderZone(zone)]));
  const networks = await loadNetworks(db);
  return devices.map((device) => {
    const { interface_set, ip_addresses } = renderNetwork(device.interfaces, networks);
    return {
      system_id: device.id,
      hostname: device.hostname,
      fqdn: device.fqdn,
      description: device.description,
      domain: domains.get(device.domain_id) ?? null,
      owner: device.owner,
      owner_data: device.owner_data,
      workload_annotations: device.owner_data,
      parent: device.parent_id,
      // Tags are of machines only.
      tag_names: [],
      address_ttl: device.address_ttl,
      ip_addresses,
      interface_set,
      zone: zones.get(device.zone_id) ?? null,
      node_type: 1,
      node_type_name: "Device",
      resource_uri: `/MAAS/api/2.0/devices/${device.id}/`,
    };
  });
}
