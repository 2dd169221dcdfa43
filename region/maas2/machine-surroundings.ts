import { type Kysely, sql } from "kysely";
import type { Tables } from "../database/tables.ts";
import type { MachineViewRow } from "./machine-rows.ts";
import { type Networks, loadNetworks } from "./network-render.ts";

const base = "/MAAS/api/2.0";

/** What machines have in common, read once for a list. */
export type Surroundings = {
  zones: ReadonlyMap<number, { name: string }>;
  pools: ReadonlyMap<number, object>;
  domains: ReadonlyMap<number, { id: number; name: string }>;
  networks: Networks;
  /** Names by number. */
  tags: ReadonlyMap<number, string>;
  /** Operating system and release by name of the image. */
  images: ReadonlyMap<string, { os: string; release: string }>;
  /** Bytes of what is shown again and again. */
  shared: WeakMap<object, Buffer>;
};

/** Reads zones, pools, domains, tags, images and networks: a fixed number of queries. */
export async function loadSurroundings(db: Kysely<Tables>): Promise<Surroundings> {
  const zones = await db.selectFrom("zones").select(["id", "name", "description"]).execute();
  const pools = await db.selectFrom("pools").select(["id", "name", "description"]).execute();
  const images = await db
    .selectFrom("images")
    .select(["name", "os", "release"])
    .where("kind", "=", "deployable")
    .execute();
  const tags = await db.selectFrom("tags").select(["id", "name"]).execute();
  const domains = await readDomains(db);
  return {
    zones: new Map(
      zones.map((zone) => [zone.id, { ...zone, resource_uri: `${base}/zones/${encodeURIComponent(zone.name)}/` }]),
    ),
    pools: new Map(pools.map((pool) => [pool.id, { ...pool, resource_uri: `${base}/resourcepool/${pool.id}/` }])),
    domains: new Map(domains.map((domain) => [domain.id, domain])),
    networks: await loadNetworks(db),
    tags: new Map(tags.map(({ id, name }) => [id, name])),
    images: new Map(images.map(({ name, os, release }) => [name, { os, release }])),
    shared: new WeakMap(),
  };
}

/** Names of a machine's tags, in order. */
export function tagNames({ tag_ids }: Pick<MachineViewRow, "tag_ids">, { tags }: Pick<Surroundings, "tags">): string[] {
  // A tag that was made a moment ago is not among those read before the list began.
  return tag_ids.flatMap((id) => tags.get(id) ?? []).toSorted();
}

/** Operating system and release of a machine's image: by the image, or by its name where it is no longer there. */
export function systemOf(
  { image }: Pick<MachineViewRow, "image">,
  { images }: Pick<Surroundings, "images">,
): { os: string; release: string } {
  if (image === null) return { os: "", release: "" };
  const known = images.get(image);
  if (known) return known;
  const dash = image.indexOf("-");
  return dash < 1 ? { os: "custom", release: image } : { os: image.slice(0, dash), release: image.slice(dash + 1) };
}

async function readDomains(db: Kysely<Tables>) {
  const { rows } = await sql<{ id: number; name: string; ttl: number | null; authoritative: boolean }>`
    select id, name, ttl, authoritative, preferred as is_default,
      ((select count(*) from machines where domain_id = domains.id)
        + (select count(*) from dns_resources where domain_id = domains.id))::integer as resource_record_count
    from domains`.execute(db);
  return rows.map((row) => ({ ...row, resource_uri: `${base}/domains/${row.id}/` }));
}
