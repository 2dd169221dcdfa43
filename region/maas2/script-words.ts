import {
  type HardwareType,
  type ResultType,
  type ScriptParallel,
  type ScriptType,
  resultTypes,
} from "@rackwright/contract";
import { z } from "zod";
import { text } from "./parameters.ts";

type Numbered = { code: number; name: string; words: readonly string[] };

/** When scripts run, in MAAS's numbers and words. */
export const scriptTypeWords: Readonly<Record<ScriptType, Numbered>> = {
  commissioning: { code: 0, name: "Commissioning script", words: ["commission", "0"] },
  testing: { code: 2, name: "Testing script", words: ["test", "2"] },
  release: { code: 3, name: "Release script", words: ["3"] },
};

/** What results are of; its numbers differ from those of scripts. */
export const resultTypeWords: Readonly<Record<ResultType, Numbered>> = {
  commissioning: { code: 0, name: "Commissioning", words: ["commission", "0"] },
  installation: { code: 1, name: "Installation", words: ["install", "1"] },
  testing: { code: 2, name: "Testing", words: ["test", "2"] },
  release: { code: 3, name: "Release", words: ["3"] },
};
/** Of these there is none here, so that asking for them finds nothing. */
const deployment = ["deployment", "4"];

export const hardwareWords: Readonly<Record<HardwareType, Numbered>> = {
  node: { code: 0, name: "Node", words: ["machine", "controller", "other", "generic", "0"] },
  cpu: { code: 1, name: "CPU", words: ["processor", "1"] },
  memory: { code: 2, name: "Memory", words: ["ram", "2"] },
  storage: { code: 3, name: "Storage", words: ["disk", "ssd", "3"] },
  network: { code: 4, name: "Network", words: ["net", "interface", "4"] },
  gpu: { code: 5, name: "GPU", words: ["graphics", "5"] },
};

export const parallelWords: Readonly<Record<ScriptParallel, Numbered>> = {
  disabled: { code: 0, name: "Disabled", words: ["none", "0"] },
  instance: { code: 1, name: "Run along other instances of this script", words: ["name", "1"] },
  any: { code: 2, name: "Run along any other script.", words: ["enabled", "2"] },
};

function wordOf<T extends string>(table: Readonly<Record<T, Numbered>>, given: string): T | undefined {
  const word = given.trim().toLowerCase();
  return (Object.keys(table) as T[]).find((name) => name === word || table[name].words.includes(word));
}

/** A parameter that is one of a table's words; `others` are taken too and come as null. */
function parameter<T extends string>(
  doc: string,
  table: Readonly<Record<T, Numbered>>,
  others: readonly string[] = [],
) {
  return text(doc, 100).transform((given, context): T | null => {
    const found = wordOf(table, given);
    if (found !== undefined) return found;
    if (others.includes(given.trim().toLowerCase())) return null;
    context.addIssue({ code: "custom", message: `must be one of ${Object.keys(table).join(", ")}` });
    return z.NEVER;
  });
}

/** Type of scripts to look for; null: one of which there is none. */
export const scriptTypeParameter = (doc: string) => parameter(doc, scriptTypeWords, deployment);
/** Type of results to look for; null: one of which there is none. */
export const resultTypeParameter = (doc: string) => parameter(doc, resultTypeWords, deployment);
export const hardwareParameter = (doc: string) => parameter(doc, hardwareWords).transform((word) => word ?? undefined);

/** The type of results that words such as `current-testing` name; undefined for other words. */
export function currentType(given: string): ResultType | undefined {
  const [current, word, ...rest] = given.split("-");
  if (current !== "current" || rest.length > 0) return undefined;
  return resultTypes.find((type) => type === word);
}
