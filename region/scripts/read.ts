import { type Script, type ScriptDetail, type ScriptVersion, script, scriptVersion } from "@rackwright/contract";
import { type Kysely, type Selectable, sql } from "kysely";
import type { Tables } from "../database/tables.ts";
import type { ScriptsTable } from "../database/tables/scripts.ts";
import { NotFound } from "../errors.ts";
import { containsPattern } from "../database/like.ts";
import { declareList } from "../filter/list.ts";
import { type Asked, listPage } from "../filter/page.ts";
import { type Page, showPage } from "../page.ts";

export type ScriptRow = Selectable<ScriptsTable>;

/** Scripts with their newest version, as the API shows them. */
function scripts(db: Kysely<Tables>) {
  return db
    .selectFrom("scripts")
    .innerJoin("script_texts", "script_texts.sha256", "scripts.sha256")
    .selectAll("scripts")
    .select("script_texts.size")
    .select(sql<number>`coalesce((select max(id) from script_versions where script_id = scripts.id), 0)`.as("version"));
}

function toScript(row: ScriptRow & { size: number; version: number }): Script {
  return script.parse({ ...row, updated_at: row.updated_at.toISOString() });
}

export type ScriptFilter = {
  type?: string | undefined;
  hardware_type?: string | undefined;
  tag?: string | undefined;
  builtin?: boolean | undefined;
  q?: string | undefined;
};

export const scriptList = declareList("scripts", script, {
  order: ["name"],
  fields: { parameters: null, results: null, packages: null, size: { bytes: true } },
});

/** One page of scripts, filtered and sorted as asked for; else by name. @throws InputError */
export async function listScripts(db: Kysely<Tables>, filter: ScriptFilter, asked: Asked): Promise<Page<Script>> {
  const { type, hardware_type, tag, builtin, q } = filter;
  const like = containsPattern(q ?? "");
  const rows = scripts(db)
    .$if(type !== undefined, (query) => query.where(sql<boolean>`type = ${type}`))
    .$if(hardware_type !== undefined, (query) => query.where(sql<boolean>`hardware_type = ${hardware_type}`))
    .$if(tag !== undefined, (query) => query.where(sql<boolean>`${tag} = any(tags)`))
    .$if(builtin !== undefined, (query) => query.where("builtin", "=", builtin ?? false))
    .$if(q !== undefined, (query) => query.where(sql<boolean>`lower(name || ' ' || title) like ${like}`));
  return showPage(await listPage(db, scriptList, rows, asked), toScript);
}

/** What is said where no script has this name. */
export function unknownScript(name: string): NotFound {
  return new NotFound(`There is no script '${name.slice(0, 100)}'.`, {
    next: "GET /api/v1/scripts (rackwright scripts list) names those there are.",
  });
}

/** One script with the text of its newest or of another version. @throws NotFound */
export async function readScript(db: Kysely<Tables>, name: string, version?: number): Promise<ScriptDetail> {
  const row = await scripts(db).where("name", "=", name).executeTakeFirst();
  if (row === undefined) throw unknownScript(name);
  const found = await db
    .selectFrom("script_texts as t")
    .leftJoin("script_versions as v", "v.sha256", "t.sha256")
    .select(["t.text", "t.sha256", "t.size"])
    .$if(version === undefined, (query) => query.where("t.sha256", "=", row.sha256))
    .$if(version !== undefined, (query) => query.where("v.id", "=", version ?? 0).where("v.script_id", "=", row.id))
    .limit(1)
    .executeTakeFirst();
  if (found === undefined) throw noVersion(name, version ?? 0);
  return { ...toScript(row), ...found, ...(version !== undefined && { version }) };
}

/** What is said where a script has no such version. */
export function noVersion(name: string, version: number): NotFound {
  return new NotFound(`Script ${name} has no version ${version}.`, {
    next: `GET /api/v1/scripts/${name}/versions lists them.`,
  });
}

export const versionList = declareList("scripts/{name}/versions", scriptVersion, {
  order: ["id"],
  descending: true,
  fields: { size: { bytes: true } },
});

/**
 * One page of the versions of a script, filtered and sorted as asked for; else the newest first.
 *
 * @throws NotFound, InputError
 */
export async function listVersions(db: Kysely<Tables>, name: string, asked: Asked): Promise<Page<ScriptVersion>> {
  const row = await db.selectFrom("scripts").select("id").where("name", "=", name).executeTakeFirst();
  if (row === undefined) throw unknownScript(name);
  const rows = db
    .selectFrom("script_versions as v")
    .innerJoin("script_texts as t", "t.sha256", "v.sha256")
    .select(["v.id", "v.sha256", "t.size", "v.comment", "v.created_by", "v.created_at"])
    .where("v.script_id", "=", row.id);
  const page = await listPage(db, versionList, rows, asked);
  return showPage(page, (one) => ({ ...one, created_at: one.created_at.toISOString() }));
}
