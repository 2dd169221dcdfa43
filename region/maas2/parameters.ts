import { z } from "zod";

/** Marks a parameter whose every value counts; of others the last one does. */
export type ParameterMeta = { list?: true; type: string };

const trueWords = ["true", "t", "yes", "y", "on", "1"];
const falseWords = ["false", "f", "no", "n", "off", "0"];

/** Text as it comes. Say `.optional()` where it may be left out; the sentence is its documentation. */
export function text(doc: string, most = 10_000) {
  return z.string().max(most).describe(doc).meta({ type: "String" });
}

/** Text that comes as a file, which the operation takes from the uploads; of clients without one it comes as any other. */
export function file(doc: string, most: number) {
  return z.string().max(most).describe(doc).meta({ type: "File" });
}

/** One of a few words. */
export function choice<const W extends readonly [string, ...string[]]>(doc: string, words: W) {
  return z.enum(words).describe(doc).meta({ type: "String" });
}

/** A whole number in decimal digits. */
export function integer(doc: string, { least = -2_147_483_648, most = 2_147_483_647 } = {}) {
  return z
    .string()
    .trim()
    .regex(/^[+-]?\d{1,16}$/, "Enter a whole number.")
    .transform(Number)
    .pipe(z.int().min(least).max(most))
    .describe(doc)
    .meta({ type: "Int" });
}

/** A number with or without a fraction. */
export function decimal(doc: string) {
  return z
    .string()
    .trim()
    .regex(/^[+-]?(\d{1,16}(\.\d{0,16})?|\.\d{1,16})$/, "Enter a number.")
    .transform(Number)
    .describe(doc)
    .meta({ type: "Float" });
}

/** Yes or no, in any of the spellings clients use. */
export function flag(doc: string) {
  return z
    .string()
    .trim()
    .toLowerCase()
    .refine((word) => [...trueWords, ...falseWords].includes(word), "must be true or false")
    .transform((word) => trueWords.includes(word))
    .describe(doc)
    .meta({ type: "Boolean" });
}

/** Every value given under the name; none where there is none. */
export function list(doc: string, most = 1000) {
  return z.array(z.string().max(10_000)).max(most).default([]).describe(doc).meta({ type: "String", list: true });
}

/** Every value given under the name; undefined where there is none, for changes that keep what is not given. */
export function listIfGiven(doc: string, most = 1000) {
  return z.array(z.string().max(10_000)).max(most).optional().describe(doc).meta({ type: "String", list: true });
}
