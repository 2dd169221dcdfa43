import { type Domain, type domainCreate, type domainUpdate, domain } from "@rackwright/contract";
import { type Kysely, sql } from "kysely";
import type { z } from "zod";
import type { Database, Transaction } from "../database/pool.ts";
import type { Tables } from "../database/tables.ts";
import { InputError, NotFound, StateConflict } from "../errors.ts";
import { appendAudit } from "../events/audit.ts";
import { declareList } from "../filter/list.ts";
import { type Asked, listPage } from "../filter/page.ts";
import { type By, given, tellChange } from "../networks/change.ts";
import type { Page } from "../page.ts";

/** What counts as a record: names of nodes, addresses, and records. */
const domains = sql<Domain>`
    select id, name, authoritative, ttl, forward_servers, preferred as is_default,
      ((select count(*) from machines where domain_id = d.id) + (select count(*) from devices where domain_id = d.id)
        + (select count(*) from dns_resources r join dns_resource_addresses a on a.resource_id = r.id
           where r.domain_id = d.id)
        + (select count(*) from dns_resources r join dns_records e on e.resource_id = r.id
           where r.domain_id = d.id))::integer as resource_record_count
    from domains d`;

export const domainList = declareList("domains", domain, {
  order: ["id"],
  fields: { resource_record_count: { computed: true } },
});

/** One page of domains, filtered and sorted as asked for. @throws InputError */
export const pageOfDomains = (db: Kysely<Tables>, asked: Asked): Promise<Page<Domain>> =>
  listPage(db, domainList, domains, asked);

/** Domains with an id from `from` on, in order of id. */
export async function listDomains(
  db: Kysely<Tables>,
  { from = 0, limit = 10_000 }: { from?: number; limit?: number } = {},
): Promise<Domain[]> {
  const { rows } = await sql<Domain>`${domains} where id >= ${from} order by id limit ${limit}`.execute(db);
  return rows;
}

/** @throws NotFound */
export async function readDomain(db: Kysely<Tables>, id: number): Promise<Domain> {
  const [found] = await listDomains(db, { from: id, limit: 1 });
  if (found?.id !== id)
    throw new NotFound(`There is no domain ${id}.`, { next: "GET /api/v1/domains lists those there are." });
  return found;
}

/** The id of the domain that a text names: its id or its name, in MAAS's ways of writing them; null for none. */
export async function findDomain(db: Kysely<Tables>, text: string): Promise<number | null> {
  const [, kind, value = ""] = /^(?:(id|name):)?(.*)$/s.exec(text.trim()) ?? [];
  const byId = kind !== "name" && /^\d{1,15}$/.test(value) ? Number(value) : null;
  const row = await db
    .selectFrom("domains")
    .select("id")
    .where((where) =>
      where.or([
        ...(byId === null ? [] : [where("id", "=", byId)]),
        ...(kind === "id" ? [] : [where("name", "=", value.toLowerCase())]),
        sql<boolean>`false`,
      ]),
    )
    .orderBy(sql`id = ${byId ?? -1}`, "desc")
    .executeTakeFirst();
  return row?.id ?? null;
}

/** The name a node has in its domain, and the domain; the longest domain there is that the name ends in. */
export async function splitName(db: Kysely<Tables>, fqdn: string): Promise<{ name: string; domain_id: number } | null> {
  const whole = fqdn.trim().toLowerCase().replace(/\.$/, "");
  const { rows } = await sql<{ id: number; name: string }>`
    select id, name from domains where ${whole} = name or right(${whole}, length(name) + 1) = '.' || name
    order by length(name) desc limit 1`.execute(db);
  const [found] = rows;
  if (found === undefined) return null;
  const name = whole === found.name ? "@" : whole.slice(0, -found.name.length - 1);
  return { name, domain_id: found.id };
}

async function requireFreeName(tx: Transaction, name: string, self?: number): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended('names of domains', 0))`.execute(tx);
  const other = await tx.selectFrom("domains").select("id").where("name", "=", name).executeTakeFirst();
  if (other !== undefined && other.id !== self)
    throw InputError.field("name", name, "Domain with this Name already exists.");
}

function requireForwarding(authoritative: boolean, servers: readonly string[]): void {
  if (authoritative && servers.length > 0)
    throw InputError.field("forward_servers", servers, "must be empty where the domain is authoritative");
}

/** @throws InputError for a name that is taken, or name servers of a domain that is ours */
export async function createDomain(db: Database, wanted: z.output<typeof domainCreate>, by: By): Promise<Domain> {
  return db.transaction().execute(async (tx) => {
    requireForwarding(wanted.authoritative, wanted.forward_servers);
    await requireFreeName(tx, wanted.name);
    const { id } = await tx.insertInto("domains").values(wanted).returning("id").executeTakeFirstOrThrow();
    const after = await readDomain(tx, id);
    await tellChange(tx, by, "domain.changed", { words: `created domain ${wanted.name}`, id, after });
    return after;
  });
}

/** Changes the fields that are given. @throws NotFound, InputError */
export async function updateDomain(
  db: Database,
  id: number,
  change: z.output<typeof domainUpdate>,
  by: By,
): Promise<Domain> {
  return db.transaction().execute(async (tx) => {
    const before = await readDomain(tx, id);
    const { name, authoritative, ttl, forward_servers } = { ...before, ...given(change) };
    requireForwarding(authoritative, forward_servers);
    await requireFreeName(tx, name, id);
    await tx.updateTable("domains").set({ name, authoritative, ttl, forward_servers }).where("id", "=", id).execute();
    const after = await readDomain(tx, id);
    await tellChange(tx, by, "domain.changed", { words: `changed domain ${before.name}`, id, before, after });
    return after;
  });
}

/** Makes it the domain of machines and devices that come without one. @throws NotFound */
export async function preferDomain(db: Database, id: number, by: By): Promise<Domain> {
  return db.transaction().execute(async (tx) => {
    await sql`select pg_advisory_xact_lock(hashtextextended('names of domains', 0))`.execute(tx);
    const before = await readDomain(tx, id);
    await tx.updateTable("domains").set({ preferred: false }).where("preferred", "=", true).execute();
    await tx.updateTable("domains").set({ preferred: true }).where("id", "=", id).execute();
    const after = await readDomain(tx, id);
    await tellChange(tx, by, "domain.changed", { words: `made ${before.name} the default domain`, id, before, after });
    return after;
  });
}

/** @throws NotFound, StateConflict for the default one and for one that something is in */
export async function deleteDomain(db: Database, id: number, by: By): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await sql`select from domains where id = ${id} for update`.execute(tx);
    const before = await readDomain(tx, id);
    if (before.is_default || id === 0)
      throw new StateConflict("This domain is the default domain, it cannot be deleted.", {
        next: "Make another domain the default one first; the one there was at the beginning always stays.",
      });
    const used = await sql<{ used: boolean }>`
      select exists (select from machines where domain_id = ${id}) or exists (select from devices where domain_id = ${id})
        or exists (select from dns_resources where domain_id = ${id}) as used`.execute(tx);
    if (used.rows[0]?.used === true)
      throw new StateConflict(`Domain ${before.name} cannot be deleted while something is in it.`, {
        next: "Move its machines and devices to another domain, and delete its DNS resources.",
      });
    await tx.deleteFrom("domains").where("id", "=", id).execute();
    await tellChange(tx, by, "domain.changed", { words: `deleted domain ${before.name}`, id, before });
  });
}

/** Sets the serial number that the zones of our domains have from now on, for whichever server serves them. */
export async function setSerial(db: Database, serial: number, { actor, now }: By): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const { rows } = await sql<{ before: number }>`select last_value as before from dns_serial`.execute(tx);
    await sql`select setval('dns_serial', ${serial}::bigint)`.execute(tx);
    await appendAudit(tx, {
      type: "domain.changed",
      at: now,
      actor,
      message: `${actor} set the serial number of DNS zones`,
      before: { serial: rows[0]?.before ?? null },
      after: { serial },
    });
  });
}
