import type { Kysely } from "kysely";
import { type Controller, type ControllerKind, listControllers } from "../controllers/index.ts";
import type { Tables } from "../database/tables.ts";
import { resultFields } from "./result-fields.ts";
import { type Surroundings, loadSurroundings } from "./machine-surroundings.ts";

const base = "/MAAS/api/2.0";
const nodeTypes = {
  rack: { node_type: 2, node_type_name: "Rack controller" },
  region: { node_type: 3, node_type_name: "Region controller" },
} as const;
/** What a rack does, by the names of MAAS's services. */
const rackServices = ["dhcpd", "http", "rackd", "tftp"] as const;
const hardwareKeys =
  "system_vendor system_product system_family system_version system_sku system_serial cpu_model mainboard_vendor mainboard_product mainboard_serial mainboard_version mainboard_firmware_vendor mainboard_firmware_date mainboard_firmware_version chassis_vendor chassis_type chassis_serial chassis_version";

/** A rack or region as clients see it. Its hardware is not looked into: what only a machine's inventory tells is unknown. */
export function renderController(controller: Controller, { zones, domains }: Surroundings): object {
  const { kind, system_id, hostname, description, version, architecture, alive, addresses } = controller;
  const domain = domains.get(controller.domain_id);
  return {
    system_id,
    hostname,
    fqdn: domain === undefined ? hostname : `${hostname}.${domain.name}`,
    description,
    hardware_uuid: null,
    domain,
    zone: zones.get(controller.zone_id),
    architecture: architecture === null ? null : `${architecture}/generic`,
    cpu_count: 0,
    cpu_speed: 0,
    memory: 0,
    swap_size: null,
    osystem: "",
    distro_series: "",
    power_type: "",
    power_state: "unknown",
    ip_addresses: addresses,
    interface_set: [],
    status_action: null,
    ...nodeTypes[kind],
    ...(kind === "rack" && {
      service_set: rackServices.map((name) => ({ name, status: alive ? "running" : "dead", status_info: "" })),
    }),
    version: version ?? "",
    ...resultFields([]),
    hardware_info: Object.fromEntries(hardwareKeys.split(" ").map((key) => [key, "Unknown"])),
    tag_names: [],
    resource_uri: `${base}/${kind}controllers/${system_id}/`,
  };
}

/** Controllers of a kind with their words, those that `wanted` keeps. */
export async function controllersOf(
  db: Kysely<Tables>,
  kind: ControllerKind,
  now: Date,
): Promise<{ controller: Controller; around: Surroundings; shown: object }[]> {
  const around = await loadSurroundings(db);
  const all = await listControllers(db, kind, now);
  return all.map((controller) => ({ controller, around, shown: renderController(controller, around) }));
}
