import type { ScriptParameter } from "@rackwright/contract";
import { type Kysely, sql } from "kysely";
import type { Tables } from "../database/tables.ts";
import { clockTime, mailTime } from "./common.ts";
import { hardwareWords, parallelWords, scriptTypeWords } from "./script-words.ts";

type Packages = { snap: { name: string; channel?: string | undefined; mode?: string | undefined }[] };

/** Snaps that are only named are shown by their names, as most scripts write them and Terraform's provider compares. */
const packagesOf = ({ snap, ...others }: Packages): object => {
  const snaps = snap.map((one) => (one.channel === undefined && one.mode === undefined ? one.name : one));
  return Object.fromEntries(Object.entries({ ...others, snap: snaps }).filter(([, list]) => list.length > 0));
};

/** Results as scripts write them: without a title or description that says nothing. */
const resultsOf = (results: Readonly<Record<string, object>>): object =>
  Object.fromEntries(
    Object.entries(results).map(([name, words]) => [
      name,
      Object.fromEntries(Object.entries(words).filter(([, text]) => text !== "")),
    ]),
  );

/** Parameters as scripts write them: one is required unless it says otherwise. */
const parametersOf = (parameters: Readonly<Record<string, ScriptParameter>>): object =>
  Object.fromEntries(
    Object.entries(parameters).map(([name, { required, ...rest }]) => [name, required ? rest : { ...rest, required }]),
  );

/**
 * Scripts as MAAS shows them, by name, with the texts they had; each kind of thing is asked for once.
 *
 * @param which a condition on `scripts`
 */
export async function renderScripts(
  db: Kysely<Tables>,
  which: ReturnType<typeof sql<boolean>>,
  { texts }: { texts: boolean },
) {
  const scripts = await db.selectFrom("scripts").selectAll().where(which).orderBy("name").execute();
  if (scripts.length === 0) return [];
  const versions = await db
    .selectFrom("script_versions")
    .select(["id", "script_id", "sha256", "comment", "created_at"])
    .where(
      "script_id",
      "in",
      scripts.map(({ id }) => id),
    )
    .orderBy("id", "desc")
    .execute();
  const hashes = texts ? [...new Set(versions.map(({ sha256 }) => sha256))] : [];
  const contents =
    hashes.length === 0
      ? []
      : await db.selectFrom("script_texts").select(["sha256", "text"]).where("sha256", "in", hashes).execute();
  const data = new Map(contents.map(({ sha256, text }) => [sha256, Buffer.from(text).toString("base64")]));
  const byScript = Map.groupBy(versions, ({ script_id }) => script_id);
  return scripts.map((row) => {
    const { id, name, title, description, tags, results, parameters, destructive, for_hardware, recommission } = row;
    return {
      id,
      name,
      title,
      description,
      tags,
      type: scriptTypeWords[row.type].code,
      type_name: scriptTypeWords[row.type].name,
      hardware_type: hardwareWords[row.hardware_type].code,
      hardware_type_name: hardwareWords[row.hardware_type].name,
      parallel: parallelWords[row.parallel].code,
      parallel_name: parallelWords[row.parallel].name,
      results: resultsOf(results),
      parameters: parametersOf(parameters),
      packages: packagesOf(row.packages),
      timeout: clockTime(row.timeout),
      destructive,
      for_hardware,
      may_reboot: row.may_reboot,
      recommission,
      apply_configured_networking: row.apply_configured_networking,
      default: row.builtin,
      history: (byScript.get(id) ?? []).map((version) => ({
        id: version.id,
        comment: version.comment === "" ? null : version.comment,
        created: mailTime(version.created_at),
        ...(texts && { data: data.get(version.sha256) ?? "" }),
      })),
      resource_uri: `/MAAS/api/2.0/scripts/${encodeURIComponent(name)}`,
    };
  });
}
