import {
  type DnsResource,
  type dnsRecordCreate,
  type dnsRecordUpdate,
  type dnsResourceCreate,
  type dnsResourceUpdate,
  dnsResource,
} from "@rackwright/contract";
import { type Kysely, sql } from "kysely";
import type { z } from "zod";
import type { Database, Transaction } from "../database/pool.ts";
import type { Tables } from "../database/tables.ts";
import { InputError, NotFound } from "../errors.ts";
import { declareList } from "../filter/list.ts";
import { type Asked, listPage } from "../filter/page.ts";
import { type By, given, tellChange } from "../networks/change.ts";
import type { Page as ListPage } from "../page.ts";
import { setAddresses } from "./addresses.ts";
import { checkRecord } from "./record-data.ts";

export type ResourceFilter = {
  id?: number | undefined;
  fqdn?: string | undefined;
  domain_id?: number | undefined;
  name?: string | undefined;
  /** Only those that have such a record; A and AAAA are addresses. */
  type?: string | undefined;
};
export type Page = { after?: number; limit?: number };

/** Names below our domains that are wanted, with an id above `after`, with their addresses and records. */
function resources({ id, fqdn, domain_id, name, type }: ResourceFilter, after = 0) {
  const family = type === "A" ? 4 : type === "AAAA" ? 6 : null;
  return sql<DnsResource>`
    select r.id, r.name, r.domain_id, case when r.name = '@' then d.name else r.name || '.' || d.name end as fqdn,
      r.address_ttl,
      coalesce((select jsonb_agg(host(a.address) order by a.address) from dns_resource_addresses a
        where a.resource_id = r.id), '[]') as addresses,
      coalesce((select jsonb_agg(jsonb_build_object('id', e.id, 'type', e.type, 'data', e.data, 'ttl', e.ttl)
        order by e.id) from dns_records e where e.resource_id = r.id), '[]') as records
    from dns_resources r join domains d on d.id = r.domain_id
    where r.id > ${after}
      and (${id ?? null}::bigint is null or r.id = ${id ?? null}::bigint)
      and (${domain_id ?? null}::bigint is null or r.domain_id = ${domain_id ?? null}::bigint)
      and (${name ?? null}::text is null or r.name = lower(${name ?? null}::text))
      and (${fqdn ?? null}::text is null
        or lower(${fqdn ?? null}::text) = case when r.name = '@' then d.name else r.name || '.' || d.name end)
      and (${type ?? null}::text is null
        or exists (select from dns_records e where e.resource_id = r.id and e.type = ${type ?? null}::text)
        or exists (select from dns_resource_addresses a where a.resource_id = r.id
          and family(a.address) = ${family}::integer))`;
}

export const dnsResourceList = declareList("dns-resources", dnsResource, {
  order: ["id"],
  fields: {
    addresses: { rows: sql`jsonb_array_elements_text(listed.addresses)`, computed: true },
    records: {
      rows: sql`(select one ->> 'data' from jsonb_array_elements(listed.records) as one)`,
      meaning: "data of one of its records",
      computed: true,
    },
  },
});

/** One page of names that are wanted, filtered and sorted as asked for. @throws InputError */
export const pageOfResources = (
  db: Kysely<Tables>,
  filter: ResourceFilter,
  asked: Asked,
): Promise<ListPage<DnsResource>> => listPage(db, dnsResourceList, resources(filter), asked);

/** Names below our domains with their addresses and records, with an id above `after`, in order of id: one query. */
export async function listResources(
  db: Kysely<Tables>,
  filter: ResourceFilter = {},
  { after = 0, limit = 100_000 }: Page = {},
): Promise<DnsResource[]> {
  const { rows } = await sql<DnsResource>`${resources(filter, after)} order by r.id limit ${limit}`.execute(db);
  return rows;
}

/** @throws NotFound */
export async function readResource(db: Kysely<Tables>, id: number): Promise<DnsResource> {
  const [found] = await listResources(db, { id });
  if (found === undefined)
    throw new NotFound(`There is no DNS resource ${id}.`, { next: "GET /api/v1/dns-resources lists those there are." });
  return found;
}

/** The resource that has the record. @throws NotFound */
export async function resourceOfRecord(db: Kysely<Tables>, recordId: number): Promise<DnsResource> {
  const row = await db.selectFrom("dns_records").select("resource_id").where("id", "=", recordId).executeTakeFirst();
  if (row === undefined)
    throw new NotFound(`There is no DNS record ${recordId}.`, { next: "GET /api/v1/dns-resources lists them." });
  return readResource(db, row.resource_id);
}

/** Names are given in turn, so that of two who want the same one the later is told so. */
async function inTurn<T>(db: Database, work: (tx: Transaction) => Promise<T>): Promise<T> {
  return db.transaction().execute(async (tx) => {
    await sql`select pg_advisory_xact_lock(hashtextextended('names of dns_resources', 0))`.execute(tx);
    return work(tx);
  });
}

async function requireDomain(tx: Transaction, id: number): Promise<void> {
  const { rows } = await sql`select from domains where id = ${id} for key share`.execute(tx);
  if (rows.length === 0) throw InputError.field("domain_id", id, "names no domain there is");
}

async function requireFreeName(tx: Transaction, domain_id: number, name: string, self?: number): Promise<void> {
  const [other] = await listResources(tx, { domain_id, name });
  if (other !== undefined && other.id !== self)
    throw InputError.field("name", name, `There is a DNS resource ${other.fqdn} already.`);
}

/** An alias stands for everything its name is (RFC 1034 3.6.2). */
function requireAlone({ records, addresses }: Pick<DnsResource, "records" | "addresses">): void {
  const aliases = records.filter(({ type }) => type === "CNAME").length;
  if (aliases > 1) throw InputError.field("data", aliases, "Only one CNAME can be associated with a name.");
  if (aliases === 1 && records.length + addresses.length > 1)
    throw InputError.field("type", "CNAME", "CNAME records for a name cannot coexist with non-CNAME records.");
}

/** @throws InputError for a name that is taken or a domain that does not exist */
export async function createResource(
  db: Database,
  wanted: z.output<typeof dnsResourceCreate>,
  by: By,
): Promise<DnsResource> {
  return inTurn(db, async (tx) => {
    const id = await insertResource(tx, wanted, by);
    const after = await readResource(tx, id);
    await tellChange(tx, by, "dns-resource.changed", { words: `created DNS resource ${after.fqdn}`, id, after });
    return after;
  });
}

async function insertResource(tx: Transaction, wanted: z.output<typeof dnsResourceCreate>, by: By): Promise<number> {
  const { name, domain_id, address_ttl, addresses } = wanted;
  await requireDomain(tx, domain_id);
  await requireFreeName(tx, domain_id, name);
  const values = { name, domain_id, address_ttl };
  const { id } = await tx.insertInto("dns_resources").values(values).returning("id").executeTakeFirstOrThrow();
  await setAddresses(tx, id, addresses, by);
  return id;
}

/** Changes the fields that are given; addresses replace those there were. @throws NotFound, InputError */
export async function updateResource(
  db: Database,
  id: number,
  change: z.output<typeof dnsResourceUpdate>,
  by: By,
): Promise<DnsResource> {
  return inTurn(db, async (tx) => {
    const before = await readResource(tx, id);
    const { name, domain_id, address_ttl, addresses } = { ...before, ...given(change) };
    await requireDomain(tx, domain_id);
    await requireFreeName(tx, domain_id, name, id);
    for (const { type, data } of before.records) checkRecord(name, type, data);
    await tx.updateTable("dns_resources").set({ name, domain_id, address_ttl }).where("id", "=", id).execute();
    if (change.addresses !== undefined) await setAddresses(tx, id, addresses, by);
    const after = await readResource(tx, id);
    requireAlone(after);
    await tellChange(tx, by, "dns-resource.changed", {
      words: `changed DNS resource ${before.fqdn}`,
      id,
      before,
      after,
    });
    return after;
  });
}

/** Deletes a name with its records. @throws NotFound */
export async function deleteResource(db: Database, id: number, by: By): Promise<void> {
  await inTurn(db, async (tx) => {
    const before = await readResource(tx, id);
    await tx.deleteFrom("dns_resources").where("id", "=", id).execute();
    await tellChange(tx, by, "dns-resource.changed", { words: `deleted DNS resource ${before.fqdn}`, id, before });
  });
}

/** What a record is put at: a resource that is there, or a name that becomes one. */
export type RecordOwner = { id: number } | { name: string; domain_id: number };

/** Adds a record. @throws NotFound, InputError */
export async function createRecord(
  db: Database,
  owner: RecordOwner,
  wanted: z.output<typeof dnsRecordCreate>,
  by: By,
): Promise<{ resource: DnsResource; id: number }> {
  return inTurn(db, async (tx) => {
    const before = "id" in owner ? await readResource(tx, owner.id) : (await listResources(tx, owner))[0];
    const name = "name" in owner ? owner.name : (before?.name ?? "");
    const data = checkRecord(name, wanted.type, wanted.data);
    const resource_id =
      before?.id ?? (await insertResource(tx, { address_ttl: null, addresses: [], domain_id: 0, name, ...owner }, by));
    if (before?.records.some((record) => record.type === wanted.type && record.data === data) === true)
      throw InputError.field("data", wanted.data, "DNS record with this type and data already exists.");
    const { id } = await tx
      .insertInto("dns_records")
      .values({ resource_id, type: wanted.type, data, ttl: wanted.ttl })
      .returning("id")
      .executeTakeFirstOrThrow();
    const after = await readResource(tx, resource_id);
    requireAlone(after);
    await tellChange(tx, by, "dns-resource.changed", {
      words: `added a ${wanted.type} record to ${after.fqdn}`,
      id: resource_id,
      ...(before && { before }),
      after,
    });
    return { resource: after, id };
  });
}

/** Changes the fields of a record that are given. @throws NotFound, InputError */
export async function updateRecord(
  db: Database,
  id: number,
  change: z.output<typeof dnsRecordUpdate>,
  by: By,
): Promise<DnsResource> {
  return inTurn(db, async (tx) => {
    const before = await resourceOfRecord(tx, id);
    const old = before.records.find((record) => record.id === id);
    if (old === undefined) throw new NotFound(`There is no DNS record ${id}.`);
    const { type, data: written, ttl } = { ...old, ...given(change) };
    const data = checkRecord(before.name, type, written);
    if (before.records.some((record) => record.id !== id && record.type === type && record.data === data))
      throw InputError.field("data", given, "DNS record with this type and data already exists.");
    await tx.updateTable("dns_records").set({ type, data, ttl }).where("id", "=", id).execute();
    const after = await readResource(tx, before.id);
    requireAlone(after);
    await tellChange(tx, by, "dns-resource.changed", {
      words: `changed a ${type} record of ${after.fqdn}`,
      id: after.id,
      before,
      after,
    });
    return after;
  });
}

/** Deletes a record, and its name where that says nothing any more. @throws NotFound */
export async function deleteRecord(db: Database, id: number, by: By): Promise<void> {
  await inTurn(db, async (tx) => {
    const before = await resourceOfRecord(tx, id);
    await tx.deleteFrom("dns_records").where("id", "=", id).execute();
    if (before.records.length === 1 && before.addresses.length === 0)
      await tx.deleteFrom("dns_resources").where("id", "=", before.id).execute();
    const [after] = await listResources(tx, { id: before.id });
    await tellChange(tx, by, "dns-resource.changed", {
      words: `deleted a record of ${before.fqdn}`,
      id: before.id,
      before,
      ...(after && { after }),
    });
  });
}
