import {
  FilterError,
  type DefinitionKind,
  type Filter,
  fieldRule,
  fieldsOf,
  filterFieldNames,
  parseFilter,
} from "@rackwright/contract";
import { sql } from "kysely";
import type { Transaction } from "../database/pool.ts";
import { InputError, StateConflict } from "../errors.ts";
import { filterCondition } from "../machines/filter.ts";
import { refuseXpath } from "./xpath.ts";

/** NOTIFY channel that tells of machines whose automatic tags may be wrong (migration 0004). */
export const tagsChannel = "rackwright_tags";

export type Definition = { kind: DefinitionKind; text: string };

/** Documents asked in one statement, which the time-out ends between two of them. */
const batch = 500;
/** Such statements before the rest is left to the tagger. */
const batchesAtOnce = 2;
const batchMilliseconds = 20_000;
/** PostgreSQL's SQLSTATE query_canceled. */
const timedOut = "57014";

const wrong = (text: string, allowed: string): InputError =>
  InputError.field("definition", text.slice(0, 200), allowed);

/**
 * Nobody else finds out which machines have an automatic tag while this transaction does, so that of two who look at
 * the same moment the later one has seen everything the earlier one has.
 */
export async function lockTagging(tx: Transaction): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended('tagging', 0))`.execute(tx);
}

/**
 * A definition that is a filter, read.
 *
 * @throws InputError naming the place where it is wrong, or a field that changes too often to define a tag
 */
export function readFilterDefinition(text: string): Filter {
  try {
    const filter = parseFilter(text);
    const passing = fieldsOf(filter).filter((field) => !fieldRule(field).lasting);
    if (passing.length === 0) return filter;
    const lasting = filterFieldNames.filter((field) => fieldRule(field).lasting).join(", ");
    throw wrong(
      text,
      `may not ask for ${passing.join(", ")}, which changes while machines are used; allowed are ${lasting}`,
    );
  } catch (error) {
    if (error instanceof FilterError) throw wrong(text, `is no filter: ${error.message}`);
    throw error;
  }
}

/** Something of everything lshw's documents have, so that no part of an expression is passed over. */
const sample =
  '<list><node id="a" class="system" handle="x"><description>d</description><product>p</product><size units="bytes">1</size>' +
  '<configuration><setting id="driver" value="v"/></configuration><capabilities><capability id="c">t</capability>' +
  '</capabilities><node id="b" class="network"><node id="c" class="disk"/></node></node></list>';

async function checkXpath(tx: Transaction, text: string): Promise<void> {
  const refused = refuseXpath(text);
  if (refused !== null) throw wrong(text, `cannot be used: ${refused}`);
  const { rows } = await sql<{ problem: string | null; complaint: string | null }>`
    select problem, complaint from read_xml(${sample}) left join lateral ask_xpath(document, ${text}) on true`.execute(
    tx,
  );
  const { problem = null, complaint = null } = rows[0] ?? {};
  if (problem !== null)
    throw new StateConflict(`The region's PostgreSQL evaluates no XPath (${problem}).`, {
      next: "Use a PostgreSQL built with libxml, as Debian's is, or define the tag by a filter.",
    });
  if (complaint !== null) throw wrong(text, `is no XPath expression that libxml can evaluate: ${complaint}`);
}

type Asked = { last: string | null; asked: number; complaint: string | null; machine: string | null };

/** Asks the documents that follow a machine's, and gives or takes the tag accordingly. */
async function askDocuments(tx: Transaction, tagId: number, text: string, after: string): Promise<Asked> {
  const { rows } = await sql<Asked>`
    with asked as materialized (
      select machine_id, holds, complaint
      from (
        select machine_id, document from machine_lshw
        where document is not null and machine_id > ${after} order by machine_id limit ${batch}
      ) as documents cross join lateral ask_xpath(document, ${text})
    ), there as (
      select id from machines where id in (select machine_id from asked where holds) order by id for key share
    ), given as (
      insert into machine_tags (tag_id, machine_id) select ${tagId}, id from there on conflict do nothing
    ), taken as (
      delete from machine_tags
      where tag_id = ${tagId} and machine_id in (select machine_id from asked where holds is not true)
    )
    select max(machine_id) as last, count(*) as asked, min(complaint) as complaint,
      min(machine_id) filter (where complaint is not null) as machine
    from asked`.execute(tx);
  return rows[0] ?? { last: null, asked: 0, complaint: null, machine: null };
}

/**
 * Asks the first documents at once, so that whoever defines a tag sees it work; those of a large fleet are left to the
 * tagger, since they take minutes. Until it comes to them, machines keep the tag or the lack of it.
 */
async function giveByXpath(tx: Transaction, tagId: number, text: string): Promise<void> {
  await checkXpath(tx, text);
  await sql`delete from machine_tags where tag_id = ${tagId}
    and machine_id not in (select machine_id from machine_lshw where document is not null)`.execute(tx);
  await sql`delete from tag_queue where tag_id = ${tagId}`.execute(tx);
  await sql`select set_config('statement_timeout', ${String(batchMilliseconds)}, true)`.execute(tx);
  let after = "";
  for (let round = 0; round < batchesAtOnce; round++) {
    const { last, asked, complaint, machine } = await askDocuments(tx, tagId, text, after);
    if (complaint !== null) throw wrong(text, `fails on what lshw found on machine ${machine}: ${complaint}`);
    if (last === null || asked < batch) return;
    after = last;
  }
  await sql`with rest as (
      insert into tag_queue (machine_id, tag_id)
      select machine_id, ${tagId} from machine_lshw
      where document is not null and machine_id > ${after} order by machine_id
    ) select pg_notify(${tagsChannel}, '')`.execute(tx);
}

async function giveByFilter(tx: Transaction, tagId: number, text: string): Promise<void> {
  const condition = filterCondition(readFilterDefinition(text));
  await tx.deleteFrom("tag_queue").where("tag_id", "=", tagId).execute();
  // Machines before their tags, as whoever deletes a machine does it.
  await sql`select id from machines
    where id in (select machine_id from machine_tags where tag_id = ${tagId}) or ${condition}
    order by id for key share of machines`.execute(tx);
  await tx.deleteFrom("machine_tags").where("tag_id", "=", tagId).execute();
  await sql`with found as (select id from machines where ${condition} order by id for key share of machines)
    insert into machine_tags (tag_id, machine_id) select ${tagId}, id from found`.execute(tx);
}

/**
 * Finds the machines a definition applies to, and gives them the tag instead of those that had it.
 *
 * @throws InputError when the definition is none, or takes too long
 */
export async function applyDefinition(tx: Transaction, tagId: number, { kind, text }: Definition): Promise<void> {
  try {
    await (kind === "xpath" ? giveByXpath(tx, tagId, text) : giveByFilter(tx, tagId, text));
  } catch (error) {
    if (!isTimeout(error)) throw error;
    throw wrong(text, `takes longer than ${batchMilliseconds / 1000} seconds on ${batch} machines; make it simpler`);
  }
}

/** Whether the database ended a statement because of its time-out. */
export function isTimeout(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === timedOut;
}
