import { type Kysely, sql } from "kysely";
import { type Transaction, storable } from "../database/pool.ts";
import type { Tables } from "../database/tables.ts";

/** Names of the results that hold what lshw printed as XML: our own, and those of MAAS's scripts. */
const lshwNames: readonly string[] = ["lshw", "maas-lshw", "00-maas-01-lshw", "20-maas-01-lshw"];
/** Characters. A large server has some hundred thousand. */
const longestDocument = 4_000_000;
/** Tags, opening and closing. How long an expression takes grows with the square of it. */
const mostTags = 40_000;

/** Whether a script result of this name is lshw's. */
export function isLshw(name: string): boolean {
  return lshwNames.includes(name);
}

function tooLarge(document: string): string | null {
  if (document.length > longestDocument)
    return `it has ${document.length} characters; at most ${longestDocument} are looked at`;
  const tags = document.split("<", mostTags + 2).length - 1;
  return tags > mostTags ? `it has more than ${mostTags} tags` : null;
}

/**
 * Keeps what lshw found as the machine's newest; its tags are found anew by the tagger, after the transaction. What is no
 * XML is kept as the reason why there is none.
 */
export async function saveLshw(tx: Transaction, machineId: string, xml: string): Promise<void> {
  const refused = tooLarge(xml);
  const read =
    refused === null
      ? sql`select document, problem from read_xml(${storable(xml)})`
      : sql`select null::xml as document, ${refused}::text as problem`;
  await sql`insert into machine_lshw (machine_id, document, problem)
    select ${machineId}, document, problem from (${read}) as read
    on conflict (machine_id) do update set document = excluded.document, problem = excluded.problem`.execute(tx);
}

/** Keeps the output of a script result that is lshw's: everything it wrote to its standard output. */
export async function saveLshwResult(tx: Transaction, machineId: string, resultId: number): Promise<void> {
  const { rows } = await sql<{ output: Buffer | null }>`
    select string_agg(data, ''::bytea order by position) as output from script_output
    where result_id = ${resultId} and stream = 'out'`.execute(tx);
  const output = rows[0]?.output;
  if (output) await saveLshw(tx, machineId, output.toString());
}

/** Why this PostgreSQL answers no XPath expression; null where it does (Debian's and the one from npm do). */
export async function missingXml(db: Kysely<Tables>): Promise<string | null> {
  const { rows } = await sql<{ problem: string | null }>`select problem from read_xml('<list/>')`.execute(db);
  return rows[0]?.problem ?? null;
}
