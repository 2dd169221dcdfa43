import type { ScriptType } from "@rackwright/contract";
import type { Database } from "../database/pool.ts";
import { scriptsOf, selectScripts } from "../scripts/select.ts";

/** Values of parameters: script name → parameter → value. */
type Values = Record<string, Record<string, string>>;

/** Names and tags of scripts as clients write them: with commas between, or several times. */
export function scriptWords(given: string | readonly string[] | undefined): string[] | undefined {
  if (given === undefined) return undefined;
  const words = [given].flat().flatMap((text) => text.split(","));
  const names = [...new Set(words.map((word) => word.trim()).filter((word) => word !== ""))];
  return names.length === 0 ? undefined : names;
}

/** The same where `none` means that no script runs. */
export function scriptChoice(given: string | undefined): string[] | "none" | undefined {
  const names = scriptWords(given);
  return names?.length === 1 && names[0] === "none" ? "none" : names;
}

/**
 * Values of scripts' parameters among the fields of a form: `<script>_<parameter>` for one script, `<parameter>` for all
 * that have it. What is neither is no parameter.
 *
 * @throws InputError for a script that does not exist
 */
export async function scriptParameters(
  db: Database,
  type: ScriptType,
  names: readonly string[] | "none" | undefined,
  fields: Readonly<Record<string, unknown>>,
): Promise<Values> {
  const given = Object.entries(fields).filter((field): field is [string, string] => typeof field[1] === "string");
  if (given.length === 0) return {};
  const all = await db.transaction().execute((tx) => scriptsOf(tx, type));
  const values: Values = {};
  for (const script of selectScripts(all, type, names ?? null))
    for (const parameter of Object.keys(script.parameters)) {
      const own = given.find(([name]) => name === `${script.name}_${parameter}`);
      const shared = given.find(([name]) => name === parameter);
      const found = own ?? shared;
      if (found !== undefined) (values[script.name] ??= {})[parameter] = found[1];
    }
  return values;
}
