import { isIP } from "node:net";
import { z } from "zod";

/** A setting that is kept under MAAS's name: how its text is read, and what it is while nobody set it. */
export type StoredSetting = {
  /** From the text of a form to the value. An empty text resets where that is possible. */
  text: z.ZodType<unknown, string>;
  fallback: string | number | boolean | null;
  /** Only administrators may read it. */
  secret?: true;
};

const trueWords = ["true", "t", "yes", "y", "on", "1"];
const falseWords = ["false", "f", "no", "n", "off", "0"];

/** Yes or no. */
export function flag(fallback: boolean): StoredSetting {
  const text = z
    .string()
    .trim()
    .toLowerCase()
    .refine((word) => [...trueWords, ...falseWords].includes(word), "must be true or false")
    .transform((word) => trueWords.includes(word));
  return { text, fallback };
}

/** A whole number between two bounds. */
export function integer(fallback: number, least: number, most: number): StoredSetting {
  const words = `must be a whole number from ${least} to ${most}`;
  const text = z
    .string()
    .trim()
    .regex(/^\d{1,12}$/, words)
    .transform(Number)
    .pipe(z.int().min(least, words).max(most, words));
  return { text, fallback };
}

/** One of a few words; "" among them where it may be empty. */
export function choice(fallback: string, words: readonly [string, ...string[]]): StoredSetting {
  return { text: z.enum(words, `must be one of ${words.map((word) => word || "(empty)").join(", ")}`), fallback };
}

/** One of a few numbers. */
export function oneOf(fallback: number, numbers: readonly number[]): StoredSetting {
  const text = z
    .string()
    .trim()
    .refine((word) => numbers.map(String).includes(word), `must be one of ${numbers.join(", ")}`)
    .transform(Number);
  return { text, fallback };
}

/** Words. With a fallback of null an empty text resets them. */
export function words(fallback: string | null, check?: { test: RegExp; allowed: string }): StoredSetting {
  const { test = /^/, allowed = "" } = check ?? {};
  const text = z
    .string()
    .max(4000, "must have at most 4000 characters")
    .trim()
    .refine((given) => given === "" || test.test(given), allowed)
    .transform((given) => (given === "" && fallback === null ? null : given));
  return { text, fallback };
}

/** Words that must be there. */
export function required(fallback: string, test: RegExp, allowed: string): StoredSetting {
  return { text: z.string().trim().max(255).regex(test, allowed), fallback };
}

/** Addresses, with blanks or commas between. */
export function addresses(): StoredSetting {
  const text = z
    .string()
    .max(4000)
    .transform((given) => given.split(/[\s,]+/).filter(Boolean))
    .refine((list) => list.every((one) => isIP(one) !== 0), "must be IP addresses with blanks between")
    .transform((list) => (list.length === 0 ? null : list.join(" ")));
  return { text, fallback: null };
}

/** Some of a few words, with commas between; none resets. */
export function listOf(allowed: readonly string[]): StoredSetting {
  const text = z
    .string()
    .max(1000)
    .transform((given) => given.split(/[\s,]+/).filter(Boolean))
    .refine((list) => list.every((one) => allowed.includes(one)), `must be some of ${allowed.join(", ")}`)
    .transform((list) => (list.length === 0 ? null : [...new Set(list)]));
  return { text, fallback: null };
}

/** An address with http or https; empty resets. */
export function webAddress(): StoredSetting {
  const text = z
    .string()
    .trim()
    .max(2000)
    .refine((given) => given === "" || isWebAddress(given), "must be an address such as http://proxy:3128")
    .transform((given) => (given === "" ? null : given));
  return { text, fallback: null };
}

function isWebAddress(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

/** Something only administrators may read. */
export function secret(fallback: string): StoredSetting {
  return { ...words(fallback), secret: true };
}
