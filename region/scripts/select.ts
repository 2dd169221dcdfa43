import type { Inventory, ScriptType } from "@rackwright/contract";
import type { Transaction } from "../database/pool.ts";
import { InputError } from "../errors.ts";
import { matchesHardware } from "./hardware.ts";
import type { ScriptRow } from "./read.ts";

export type Candidate = ScriptRow & { size: number };

/** All scripts of a type, in the order of their names. */
export async function scriptsOf(tx: Transaction, type: ScriptType): Promise<Candidate[]> {
  return tx
    .selectFrom("scripts")
    .innerJoin("script_texts", "script_texts.sha256", "scripts.sha256")
    .selectAll("scripts")
    .select("script_texts.size")
    .where("type", "=", type)
    .orderBy("name")
    .execute();
}

/**
 * Whether a script runs without being named: of commissioning, all but those tagged `noauto`; of tests, those tagged
 * `commissioning`; of a release, none.
 */
function runsByDefault({ type, tags }: Candidate): boolean {
  if (type === "commissioning") return !tags.includes("noauto");
  return type === "testing" && tags.includes("commissioning");
}

/** Whether a word asks for a script by one of its tags. What destroys data has to be meant: by its name, or as such. */
const isTagged = ({ tags, destructive }: Candidate, words: readonly string[]): boolean =>
  tags.some((tag) => words.includes(tag)) && (!destructive || words.includes("destructive"));

/**
 * The scripts to run, by names and tags; null: those that run by default; "none": no more than what commissioning cannot
 * do without, the built-in scripts. Scripts for certain hardware come later, with the inventory, unless named themselves.
 *
 * @throws InputError naming the word that is neither a script nor a tag
 */
export function selectScripts(
  all: readonly Candidate[],
  type: ScriptType,
  names: readonly string[] | "none" | null,
): Candidate[] {
  const general = all.filter(({ for_hardware }) => for_hardware.length === 0);
  if (names === null) return general.filter(runsByDefault);
  if (names === "none")
    return type === "commissioning" ? general.filter((one) => one.builtin && runsByDefault(one)) : [];
  for (const word of names) {
    if (!all.some(({ name, tags }) => name === word || tags.includes(word))) {
      const known = all
        .map(({ name }) => name)
        .slice(0, 100)
        .join(", ");
      throw InputError.field(
        type === "release" ? "scripts" : `${type}_scripts`,
        word.slice(0, 200),
        `must be names or tags of ${type} scripts; there are: ${known || "none"}; '${word.slice(0, 200)}' is none`,
      );
    }
  }
  const named = all.filter(
    (one) => names.includes(one.name) || (one.for_hardware.length === 0 && isTagged(one, names)),
  );
  // Whoever asks for some commissioning scripts still wants what every commissioning finds out.
  const needed = type === "commissioning" ? general.filter((one) => one.builtin && runsByDefault(one)) : [];
  return all.filter((one) => named.includes(one) || needed.includes(one));
}

/** Scripts for certain hardware that this machine has, as far as they were asked for by tag or by default. */
export function selectForHardware(
  all: readonly Candidate[],
  requested: readonly string[] | null,
  inventory: Inventory,
): Candidate[] {
  return all.filter(
    (one) =>
      one.for_hardware.length > 0 &&
      (requested === null ? runsByDefault(one) : isTagged(one, requested)) &&
      matchesHardware(one.for_hardware, inventory),
  );
}
