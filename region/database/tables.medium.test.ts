import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { after, test } from "node:test";
import { sql } from "kysely";
import { testDatabase } from "./testing.ts";

type Column = { table_name: string; column_name: string; is_nullable: "YES" | "NO"; data_type: string };

/** Which TypeScript types a column of an SQL type may have in the tables' declarations. */
const expected: Readonly<Record<string, RegExp>> = {
  bigint: /^(Identity|number|Generated<number>)$/,
  integer: /^(number|Generated<number>)$/,
  smallint: /^(number|Generated<number>)$/,
  real: /^number$/,
  boolean: /^(boolean|Generated<boolean>)$/,
  bytea: /^Buffer$/,
  jsonb: /^(Json|JsonOrDefault)<.+>$/,
  "timestamp with time zone": /^(Instant|InstantOrNow)$/,
  ARRAY: /^Generated<string\[\]>$/,
};

/** The columns tables.ts and the files below tables/ declare: interface by interface, read from their text. */
async function declared(): Promise<Map<string, string>> {
  const folder = join(import.meta.dirname, "tables");
  const files = [join(import.meta.dirname, "tables.ts"), ...(await readdir(folder)).map((name) => join(folder, name))];
  const text = (await Promise.all(files.map((file) => readFile(file, "utf8")))).join("\n");
  const interfaces = new Map(
    [...text.matchAll(/export interface (\w+) \{\n(.*?)\n\}/gs)].map(([, name = "", body = ""]) => [name, body]),
  );
  const columns = new Map<string, string>();
  for (const [, table, type] of (interfaces.get("Tables") ?? "").matchAll(/(\w+): (\w+);/g))
    for (const [, column, shape] of (interfaces.get(type ?? "") ?? "").matchAll(/^ {2}(\w+): (.+);$/gm))
      columns.set(`${table}.${column}`, shape ?? "");
  return columns;
}

test("tables.ts and the schema name the same columns with fitting types", async () => {
  const { db, close } = await testDatabase();
  after(close);
  const { rows } = await sql<Column>`
    select table_name, column_name, is_nullable, data_type from information_schema.columns
    where table_schema = 'public' and table_name not like 'kysely%'`.execute(db);
  const columns = await declared();
  assert.deepEqual(rows.map((row) => `${row.table_name}.${row.column_name}`).sort(), [...columns.keys()].sort());
  for (const row of rows) {
    const name = `${row.table_name}.${row.column_name}`;
    const shape = columns.get(name) ?? "";
    assert.equal(
      shape.endsWith(" | null"),
      row.is_nullable === "YES",
      `${name}: ${shape} is_nullable ${row.is_nullable}`,
    );
    const pattern = expected[row.data_type];
    if (pattern) assert.match(shape.replace(/ \| null$/, ""), pattern, `${name} is ${row.data_type}`);
  }
});
