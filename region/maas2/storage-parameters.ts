import { z } from "zod";

const powers = "KMGTPE";

/** Bytes of a text such as `4194304`, `20G` (powers of 1000) or `20GiB` (powers of 1024); null where it is none. */
export function readBytes(given: string): number | null {
  const [, digits, unit = "", binary] = /^(\d{1,16}(?:\.\d{1,6})?)\s*([KMGTPE]?)(i?B?)$/i.exec(given.trim()) ?? [];
  if (digits === undefined) return null;
  const power = unit === "" ? 0 : powers.indexOf(unit.toUpperCase()) + 1;
  const bytes = Math.floor(Number(digits) * (binary?.toLowerCase().startsWith("i") === true ? 1024 : 1000) ** power);
  return Number.isSafeInteger(bytes) ? bytes : null;
}

const allowed = "must be a number of bytes, or one with K, M, G, T, P or E (powers of 1000)";

/** A size in bytes, with or without a unit. */
export function bytes(doc: string) {
  return z
    .string()
    .transform((given, context) => {
      const size = readBytes(given);
      if (size !== null) return size;
      context.addIssue({ code: "custom", message: allowed, input: given });
      return z.NEVER;
    })
    .describe(doc)
    .meta({ type: "String" });
}

/** A size in bytes, or a share of what there is: `50%`. */
export function share(doc: string) {
  return z
    .string()
    .transform((given, context) => {
      const [, percent] = /^(\d{1,3}(?:\.\d{1,6})?)\s*%$/.exec(given.trim()) ?? [];
      if (percent !== undefined && Number(percent) <= 100) return { percent: Number(percent) };
      const size = readBytes(given);
      if (size !== null) return { bytes: size };
      context.addIssue({ code: "custom", message: `${allowed}, or a share such as 50%`, input: given });
      return z.NEVER;
    })
    .describe(doc)
    .meta({ type: "String" });
}
