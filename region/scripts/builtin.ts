import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { scriptTypes } from "@rackwright/contract";
import { sql } from "kysely";
import type { Database } from "../database/pool.ts";
import type { Log } from "../log.ts";
import { parseScript } from "./header.ts";
import { createScript, replaceText } from "./store.ts";

/** Scripts that come with Rackwright: `<type>/<name>`. */
export const builtinFolder = join(import.meta.dirname, "builtin");

/**
 * Brings the scripts of the folder into the database: new ones are made, changed ones get a version, ones that are gone
 * are deleted. Their names are theirs: an operator's script of the same name keeps its text and stands aside under
 * `<name>.local`. Regions started at once take turns.
 *
 * @throws InputError naming what is wrong with a file: our defect
 */
export async function loadBuiltins(
  db: Database,
  { now, log, folder = builtinFolder }: { now: Date; log: Log; folder?: string },
) {
  const files = (await Promise.all(scriptTypes.map((type) => readFolder(folder, type)))).flat();
  await db.transaction().execute(async (tx) => {
    await sql`lock table scripts in share row exclusive mode`.execute(tx);
    const known = await tx.selectFrom("scripts").select(["id", "name", "builtin"]).execute();
    const change = { actor: "region", now };
    for (const { name, text, type } of files) {
      const parsed = parseScript(text);
      if (parsed.type !== type) throw new Error(`The built-in script ${type}/${name} is of type ${parsed.type}.`);
      const there = known.find((one) => one.name === name);
      if (there?.builtin) await replaceText(tx, name, text, change, { builtin: true });
      else {
        if (there !== undefined) {
          const aside = freeName(name, known);
          log.warn(
            { script: name, renamed: aside },
            "a built-in script takes the name of an operator's, which is renamed",
          );
          await tx.updateTable("scripts").set({ name: aside }).where("id", "=", there.id).execute();
        }
        await createScript(tx, { text, name, builtin: true }, change);
      }
    }
    const gone = known.filter((one) => one.builtin && !files.some(({ name }) => name === one.name)).map(({ id }) => id);
    if (gone.length > 0) await tx.deleteFrom("scripts").where("id", "in", gone).execute();
  });
  return files.length;
}

function freeName(name: string, known: readonly { name: string }[]): string {
  for (let n = 1; ; n++) {
    const candidate = `${name}.local${n === 1 ? "" : n}`;
    if (!known.some((one) => one.name === candidate)) return candidate;
  }
}

async function readFolder(folder: string, type: string): Promise<{ type: string; name: string; text: string }[]> {
  const entries = await readdir(join(folder, type), { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  return Promise.all(
    entries
      .filter(
        (entry) => entry.isFile() && /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(entry.name) && !entry.name.endsWith(".ts"),
      )
      .map(async ({ name }) => ({ type, name, text: await readFile(join(folder, type, name), "utf8") })),
  );
}
