import type { Kysely } from "kysely";
import type { Tables } from "../database/tables.ts";
import { noMatch } from "./common.ts";
import { statusWords } from "./machine-status.ts";
import { loadSurroundings } from "./machine-surroundings.ts";

/** What a stranger who told of a machine learns of it. @throws NotFound */
export async function anonymousMachine(db: Kysely<Tables>, id: string): Promise<object> {
  const row = await db
    .selectFrom("machines")
    .select(["id", "hostname", "domain_id", "architecture", "status", "power_driver", "power_state", "zone_id"])
    .where("id", "=", id)
    .executeTakeFirst();
  if (row === undefined) throw noMatch("Machine");
  const { domains, zones } = await loadSurroundings(db);
  const domain = domains.get(row.domain_id);
  const { code, name } = statusWords[row.status];
  return {
    system_id: row.id,
    hostname: row.hostname,
    domain,
    fqdn: domain === undefined ? row.hostname : `${row.hostname}.${domain.name}`,
    architecture: row.architecture === null ? null : `${row.architecture}/generic`,
    status: code,
    power_type: row.power_driver ?? "",
    power_state: row.power_state,
    zone: zones.get(row.zone_id),
    status_action: null,
    status_message: null,
    status_name: name,
    node_type: 0,
    resource_uri: `/MAAS/api/2.0/machines/${row.id}/`,
  };
}
