import { z } from "zod";
import { longestFilter } from "./filters.ts";
import { systemId } from "./values.ts";

/** A tag's name, MAAS's rule. */
export const tagName = z
  .string()
  .max(256)
  .regex(/^[a-zA-Z0-9_-]+$/, "must be 1 to 256 of a-z, A-Z, 0-9, '_' and '-'");

/** How a definition is read: as XPath 1.0 over what lshw printed, or as a filter of machines. */
export const definitionKind = z.enum(["xpath", "filter"]);
export type DefinitionKind = z.infer<typeof definitionKind>;

const fields = {
  name: tagName,
  comment: z.string().max(2000),
  kernel_options: z
    .string()
    .max(1000)
    .regex(
      /^[A-Za-z0-9_.,:/=@%+!-]*( [A-Za-z0-9_.,:/=@%+!-]+)*$/,
      "must be kernel options with one space between, of letters, digits and _ . , : / = @ % + ! -: boot loaders act upon others",
    )
    .describe("words for the kernel's command line, of the ephemeral and the installed system"),
  definition: z
    .string()
    .min(1)
    .max(longestFilter)
    .nullable()
    .describe("which machines have the tag; null: those it is given to by hand"),
  definition_kind: definitionKind.nullable(),
};

/** A tag. With a definition its machines are found, without one they are named. */
export const tag = z.object({
  ...fields,
  kernel_options: z.string(),
  machines: z.int().describe("how many have it"),
  pending: z.int().describe("how many are still to be asked whether they have it"),
});
export type Tag = z.infer<typeof tag>;
export const tagCreate = z.strictObject({
  ...fields,
  comment: fields.comment.default(""),
  kernel_options: fields.kernel_options.default(""),
  definition: fields.definition.default(null),
  definition_kind: fields.definition_kind.default(null),
});
export const tagUpdate = z.strictObject(fields).partial();

/** Machines that get or lose a tag without definition. */
export const tagMachines = z.strictObject({
  add: z.array(systemId).max(10_000).default([]),
  remove: z.array(systemId).max(10_000).default([]),
});
