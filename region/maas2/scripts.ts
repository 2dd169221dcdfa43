import { scriptTag } from "@rackwright/contract";
import { sql } from "kysely";
import { z } from "zod";
import type { Transaction } from "../database/pool.ts";
import { InputError, NotFound, StateConflict } from "../errors.ts";
import { changeFields, createScript, deleteScript, replaceText, revertScript, updateScript } from "../scripts/index.ts";
import { asForm, byOf, noMatch } from "./common.ts";
import { type Call, type Resource, operation } from "./operation.ts";
import { integer, text } from "./parameters.ts";
import { renderScripts } from "./script-render.ts";
import { type Fields, beside, fields, update } from "./script-fields.ts";
import { hardwareParameter, scriptTypeParameter } from "./script-words.ts";

const model = "Script";
/** A script of a megabyte, encoded in base64. */
const limit = 2 * 1024 * 1024;

/** The script that the path names, by its name or number. */
async function nameOf({ db, path }: Pick<Call, "db" | "path">): Promise<string> {
  const word = path["name"] ?? "";
  const number = /^[0-9]{1,15}$/.test(word) ? Number(word) : null;
  const row = await db
    .selectFrom("scripts")
    .select("name")
    .where(number === null ? sql<boolean>`name = ${word}` : sql<boolean>`id = ${number}`)
    .executeTakeFirst();
  if (row === undefined) throw noMatch(model);
  return row.name;
}

async function renderOne(call: Call, name: string, texts = false) {
  const [script] = await renderScripts(call.db, sql<boolean>`name = ${name}`, { texts });
  if (script === undefined) throw noMatch(model);
  return { json: script };
}

/** The text of the script in the form: the file `script`, or the only file there is, whose field then names the script. */
function uploadOf({ uploads }: Call, { script }: Fields): { text: string | undefined; name: string | undefined } {
  const file = uploads.find(({ field }) => field === "script") ?? (uploads.length === 1 ? uploads[0] : undefined);
  if (file === undefined) return { text: script, name: undefined };
  try {
    const words = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(file.data);
    return { text: words, name: file.field === "script" ? undefined : file.field };
  } catch (cause) {
    throw new InputError("The script is no text in UTF-8.", {
      cause,
      failures: [{ field: "script", allowed: "must be text in UTF-8" }],
    });
  }
}

/** In the database's words what a script may not do is a conflict; MAAS tells it as a wrong request. */
async function asRefusal<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof StateConflict) throw new InputError(error.message, { cause: error });
    throw error;
  }
}

async function create(call: Call, wanted: Fields) {
  const { text, name } = uploadOf(call, wanted);
  if (text === undefined) throw InputError.field("script", undefined, "This field is required.");
  const change = { ...byOf(call), ...(wanted.comment !== undefined && { comment: wanted.comment }) };
  const work = call.db.transaction().execute(async (tx) => {
    const made = await createScript(tx, { text, name: wanted.name ?? name, beside: beside(wanted) }, change);
    const also = update(wanted);
    if (Object.keys(also).length > 0) await retag(tx, made, also);
    return made;
  });
  return renderOne(call, await asForm("name", work));
}

/** Tags and time limit of a script just made; no change of its own. */
async function retag(tx: Transaction, name: string, { tags, timeout }: ReturnType<typeof update>): Promise<void> {
  const row = await tx.selectFrom("scripts").select(["id", "tags"]).where("name", "=", name).executeTakeFirstOrThrow();
  await tx
    .updateTable("scripts")
    .set({
      ...(tags !== undefined && { tags: [...new Set([...row.tags, ...tags])] }),
      ...(timeout !== undefined && { timeout }),
    })
    .where("id", "=", row.id)
    .execute();
}

async function change(call: Call, wanted: Fields) {
  const name = await nameOf(call);
  if (wanted.name !== undefined && wanted.name !== name)
    throw InputError.field("name", wanted.name, `must stay ${name}: results are kept under it`);
  const { text } = uploadOf(call, wanted);
  if (text === undefined && wanted.comment !== undefined)
    throw InputError.field("comment", wanted.comment, "may only be used when specifying a script");
  const by = { ...byOf(call), ...(wanted.comment !== undefined && { comment: wanted.comment }) };
  const [others, also] = [beside(wanted), update(wanted)];
  const work = call.db.transaction().execute(async (tx) => {
    if (text !== undefined) await replaceText(tx, name, text, by, { beside: others });
    else if (Object.keys(others).length > 0) await changeFields(tx, name, others, by);
    if (Object.keys(also).length > 0) await updateScript(tx, name, also, by);
  });
  await asRefusal(work);
  return renderOne(call, name);
}

async function changeTags(call: Call, to: (tags: string[]) => string[]) {
  const name = await nameOf(call);
  await asRefusal(
    call.db.transaction().execute(async (tx) => {
      const row = await tx
        .selectFrom("scripts")
        .select("tags")
        .where("name", "=", name)
        .forUpdate()
        .executeTakeFirstOrThrow();
      await updateScript(tx, name, { tags: to(row.tags) }, byOf(call));
    }),
  );
  return renderOne(call, name);
}

/** The text of a version by its number, or by how many steps it is back (-1: the one before). */
async function versionOf(call: Call, name: string, to: number): Promise<number> {
  if (to > 0) return to;
  const rows = await call.db
    .selectFrom("script_versions as v")
    .innerJoin("scripts as s", "s.id", "v.script_id")
    .select("v.id")
    .where("s.name", "=", name)
    .orderBy("v.id", "desc")
    .offset(-to)
    .limit(1)
    .execute();
  const [row] = rows;
  if (row === undefined) throw new InputError(`The script ${name} has no version ${to}.`);
  return row.id;
}

async function revert(call: Call, to: number) {
  const name = await nameOf(call);
  const version = await versionOf(call, name, to);
  const work = call.db.transaction().execute((tx) => revertScript(tx, name, version, byOf(call)));
  await asRefusal(work).catch((error: unknown) => {
    throw error instanceof NotFound ? new NotFound(error.message, { next: undefined }) : error;
  });
  return renderOne(call, name);
}

async function download(call: Call, revision: number | undefined) {
  const name = await nameOf(call);
  const row = await call.db
    .selectFrom("scripts as s")
    .innerJoin("script_versions as v", "v.script_id", "s.id")
    .innerJoin("script_texts as t", "t.sha256", "v.sha256")
    .select("t.text")
    .where("s.name", "=", name)
    .$if(revision !== undefined, (query) => query.where("v.id", "=", revision ?? 0))
    .orderBy("v.id", "desc")
    .limit(1)
    .executeTakeFirst();
  if (row === undefined) throw new NotFound(`The script ${name} has no version ${revision}.`, { next: undefined });
  return { bytes: Buffer.from(row.text), type: "application/binary" };
}

/** Anything said means yes, also `false`. */
const anything = (doc: string) =>
  text(doc, 100)
    .transform((word) => word !== "")
    .optional();
const revision = integer("Number of the version to read; the newest where none is given.", { least: 1 }).optional();
const tag = text("The tag.", 200).transform((word, context) => {
  const parsed = scriptTag.safeParse(word);
  if (parsed.success) return parsed.data;
  context.addIssue({ code: "custom", message: parsed.error.issues[0]?.message ?? "is no tag" });
  return z.NEVER;
});

/** `scripts/`. */
export const scriptResources: readonly Resource[] = [
  {
    handler: "NodeScriptsHandler",
    path: "scripts/",
    doc: "Manage the scripts that run while machines are commissioned, tested and released.",
    operations: {
      GET: operation({
        access: "user",
        title: "List scripts.",
        parameters: z.object({
          type: scriptTypeParameter("Only scripts of this type.").optional(),
          hardware_type: hardwareParameter("Only scripts for this kind of hardware.").optional(),
          include_script: anything("With the texts, in base64."),
          filters: text("Only scripts with these names or tags, with commas between.").optional(),
        }),
        run: async ({ db }, { type, hardware_type, include_script = false, filters = "" }) => {
          if (type === null) return { json: [] };
          const words = filters.split(",").flatMap((word) => word.trim() || []);
          const which = sql<boolean>`(${type ?? null}::text is null or type = ${type ?? null})
            and (${hardware_type ?? null}::text is null or hardware_type = ${hardware_type ?? null})
            and (${words.length === 0}::boolean or name = any(${words}::text[]) or tags && ${words}::text[])`;
          return { json: await renderScripts(db, which, { texts: include_script }) };
        },
      }),
      POST: operation({
        access: "admin",
        title: "Make a script of a text.",
        limit,
        parameters: z.object(fields),
        run: create,
      }),
    },
  },
  {
    handler: "NodeScriptHandler",
    path: "scripts/{name}",
    doc: "Manage one script.",
    operations: {
      GET: operation({
        access: "user",
        title: "Read a script.",
        parameters: z.object({ include_script: anything("With its texts, in base64.") }),
        run: async (call, { include_script = false }) => renderOne(call, await nameOf(call), include_script),
      }),
      PUT: operation({
        access: "admin",
        title: "Change a script or give it a new text; what is not given stays.",
        limit,
        parameters: z.object(fields),
        run: change,
      }),
      DELETE: operation({
        access: "admin",
        title: "Delete a script; its results stay.",
        parameters: z.object({}),
        run: async (call) => {
          const name = await nameOf(call);
          await asRefusal(call.db.transaction().execute((tx) => deleteScript(tx, name, byOf(call))));
          return { status: 204 };
        },
      }),
      "GET download": operation({
        access: "user",
        title: "Read the text of a script.",
        parameters: z.object({ revision, rev: revision }),
        run: async (call, { revision, rev }) => download(call, revision ?? rev),
      }),
      "POST revert": operation({
        access: "admin",
        title: "Go back to an earlier text of a script.",
        errors: "text",
        parameters: z.object({
          to: integer("Number of the version, or how many steps back: -1 is the one before.", { least: -1_000_000 }),
        }),
        run: async (call, { to }) => revert(call, to),
      }),
      "POST add_tag": operation({
        access: "admin",
        title: "Give a script a tag.",
        errors: "text",
        parameters: z.object({ tag }),
        run: async (call, { tag }) => changeTags(call, (tags) => [...new Set([...tags, tag])]),
      }),
      "POST remove_tag": operation({
        access: "admin",
        title: "Take a tag from a script.",
        errors: "text",
        parameters: z.object({ tag }),
        run: async (call, { tag }) => changeTags(call, (tags) => tags.filter((one) => one !== tag)),
      }),
    },
  },
];
