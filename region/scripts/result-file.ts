import { type ScriptStatus, keptResultFile } from "@rackwright/contract";
import { z } from "zod";
import { RegionError } from "../errors.ts";
import { fieldFailures } from "../http/problems.ts";
import { readYaml } from "./header.ts";

const statuses = {
  passed: "passed",
  failed: "failed",
  degraded: "degraded",
  timedout: "timed out",
  skipped: "skipped",
} as const satisfies Record<string, ScriptStatus>;
const words = Object.keys(statuses) as (keyof typeof statuses)[];

const value = z.union(
  [z.string().max(10_000), z.number(), z.boolean(), z.null()],
  "must be text, a number, true or false",
);
const resultFile = z.strictObject({
  status: z.enum(words, `must be one of ${words.join(", ")}`).optional(),
  link_connected: z.boolean("must be true or false").optional(),
  results: z
    .record(z.string().max(200), z.union([value, z.array(value).max(1000)], "must be a value or a list of values"))
    .refine((results) => Object.keys(results).length <= 1000, "must have at most 1000 values")
    .optional(),
});

export type ResultFile = { status: ScriptStatus | null; results: Record<string, unknown>; link: boolean | null };

/**
 * Reads what a script wrote into its result file: a status that takes the place of its exit status, and values of the
 * names its header declares (any, where it declares none). What is wrong with it is returned as a sentence.
 */
export function readResultFile(text: string, names: readonly string[] | null): ResultFile | { problem: string } {
  const size = Buffer.byteLength(text);
  if (size > keptResultFile)
    return { problem: `Its result file has ${size} bytes; at most ${keptResultFile} are taken.` };
  let content: unknown;
  try {
    content = readYaml(text);
  } catch (error) {
    if (error instanceof RegionError) return { problem: `Its result file cannot be read: ${error.message}` };
    throw error;
  }
  const parsed = resultFile.safeParse(content);
  if (!parsed.success) {
    const [first] = fieldFailures(parsed.error, content);
    return { problem: `Its result file is wrong: ${first?.field}: ${first?.allowed}.` };
  }
  const { status, results = {}, link_connected } = parsed.data;
  const strange = names === null ? undefined : Object.keys(results).find((name) => !names.includes(name));
  if (strange !== undefined)
    return {
      problem: `Its result file has '${strange.slice(0, 100)}', which its header does not declare; those are: ${names?.join(", ")}.`,
    };
  return { status: status === undefined ? null : statuses[status], results, link: link_connected ?? null };
}
