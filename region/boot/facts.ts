import type { Architecture, BootRequest, ImageFile, MachineStatus } from "@rackwright/contract";
import { sql } from "kysely";
import type { Database, Transaction } from "../database/pool.ts";

export type BootImage = {
  name: string;
  kind: "ephemeral" | "deployable";
  architecture: Architecture;
  files: ImageFile[];
};

export type BootMachine = {
  id: string;
  hostname: string;
  status: MachineStatus;
  netboot: boolean;
  installed: boolean;
  ephemeral: boolean;
  patience: string | null;
  /** Bytes, by its inventory. */
  memory: number | null;
  image: string | null;
  architecture: Architecture | null;
  /** Those of its tags, in the order of their names; empty where there are none. */
  kernelOptions: string;
  /** Its network card asked; false: only its SMBIOS UUID matched. */
  byMac: boolean;
};

/** All that a boot decision depends on besides the request. */
export type BootFacts = { machine: BootMachine | null; images: BootImage[] };

/**
 * A GUID in both byte orders, lower case: DHCP option 97 and SMBIOS disagree about the first three fields
 * (SMBIOS 3.0 7.2.1), and firmware about which to send. Empty when the text is no UUID.
 */
export function uuidSpellings(uuid: string | null): string[] {
  const text = uuid?.toLowerCase() ?? "";
  const parts = /^([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})$/.exec(text)?.slice(1);
  if (parts === undefined) return [];
  const joined = parts.join("");
  // Boards without an identity report all zeros or all ones, and would all be taken for one machine.
  if (/^(0{32}|f{32})$/.test(joined)) return [];
  const swapped = parts.map((part, at) => (at < 3 ? (part.match(/../g) ?? []).toReversed().join("") : part));
  return [parts.join("-"), swapped.join("-")];
}

/** Loads the facts with one query: the machine by any of its network cards, else by its UUID, and the images. */
export async function loadBootFacts(db: Database | Transaction, request: BootRequest): Promise<BootFacts> {
  const result = await sql<{ machine: BootMachine | null; images: BootImage[] }>`
    with found as (
      select machine_id as id, true as by_mac from interfaces where mac = ${request.mac}
      union all
      select id, false from machines where uuid = any(${uuidSpellings(request.uuid)}::text[])
      order by by_mac desc
      limit 1
    ), machine as (
      select m.id, m.hostname, m.status, m.netboot, m.installed, m.ephemeral, m.patience, m.image,
        (m.inventory #>> '{memory,total}')::numeric as memory, m.architecture, found.by_mac as "byMac",
        machine_kernel_options(m.id) as "kernelOptions"
      from found join machines m on m.id = found.id
    )
    select
      (select to_jsonb(machine) from machine) as machine,
      coalesce((
        select jsonb_agg(jsonb_build_object(
          'name', i.name, 'kind', i.kind, 'architecture', i.architecture, 'files', i.files) order by i.built_at desc)
        from images i
        where i.kind = 'ephemeral' or (i.kind = 'deployable' and i.name = (select image from machine))
      ), '[]') as images`.execute(db);
  const row = result.rows[0];
  return { machine: row?.machine ?? null, images: row?.images ?? [] };
}
