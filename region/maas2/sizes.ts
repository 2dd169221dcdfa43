import { z } from "zod";
import { readBytes } from "./storage-parameters.ts";

/** A size in text; an empty text is none. */
function size(doc: string, type: string, read: (text: string) => number | null) {
  return z
    .string()
    .max(100)
    .transform((given, context) => {
      if (given.trim() === "") return null;
      const found = read(given.trim());
      if (found !== null && Number.isSafeInteger(found)) return found;
      context.addIssue({ code: "custom", message: "must be a number, or one with K, M, G, T, P or E", input: given });
      return z.NEVER;
    })
    .describe(doc)
    .meta({ type });
}

/** A size in bytes, or with K, M, G, T, P or E for powers of 1000. */
export const sizeOrNone = (doc: string) => size(doc, "String", readBytes);

/** Memory in MiB, or with K, M, G or T for powers of 1024 bytes; given in bytes. */
export const memoryOrNone = (doc: string) =>
  size(doc, "String", (text) => {
    if (/^\d{1,12}(\.\d{1,6})?$/.test(text)) return Math.round(Number(text) * 2 ** 20);
    return /^[\d.]+\s*[KMGT]$/i.test(text) ? readBytes(`${text}iB`) : readBytes(text);
  });
