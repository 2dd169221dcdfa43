import { z } from "zod";
import { instant } from "./values.ts";

const keyring = z
  .base64("must be base64")
  .max(1024 * 1024)
  .describe("the keys that sign the stream, in base64");
const url = z
  .url({ protocol: /^https?$/, error: "must be an address with http or https" })
  .max(2000)
  .describe("address of a stream of images in the simplestreams format");

/** Where images of a stream come from. */
export const bootSource = z.object({
  id: z.int(),
  name: z.string(),
  url: z.string(),
  priority: z.int().describe("of sources with the same image, the one with the higher number goes first"),
  enabled: z.boolean(),
  keyring_filename: z.string(),
  keyring_data: z.string().describe("base64"),
  skip_keyring_verification: z.boolean(),
  created_at: instant,
  updated_at: instant,
});
export type BootSource = z.infer<typeof bootSource>;

const fields = {
  name: z.string().trim().min(1).max(255).describe("what it is called"),
  url,
  priority: z
    .int()
    .min(0)
    .max(2_147_483_647)
    .describe("of sources with the same image, the one with the higher number goes first"),
  enabled: z.boolean().describe("false: nothing is taken from it"),
  keyring_filename: z
    .string()
    .max(4096)
    .regex(/^(\/.*)?$/s, "must be the full path of a file, or empty")
    .describe(
      "file with the keys that sign the stream, on the region's host; this, keyring_data or skip_keyring_verification is needed",
    ),
  keyring_data: keyring,
  skip_keyring_verification: z.boolean().describe("do not check signatures"),
};
export const bootSourceCreate = z.strictObject({
  name: fields.name.optional().describe("by default the address"),
  url,
  priority: fields.priority.default(0),
  enabled: fields.enabled.default(true),
  keyring_filename: fields.keyring_filename.default(""),
  keyring_data: keyring.default(""),
  skip_keyring_verification: fields.skip_keyring_verification.default(false),
});
export type BootSourceCreate = z.infer<typeof bootSourceCreate>;
export const bootSourceUpdate = z.strictObject(fields).partial();
export type BootSourceUpdate = z.infer<typeof bootSourceUpdate>;

const word = z.string().regex(/^([A-Za-z0-9][A-Za-z0-9._+-]{0,99}|\*)$/, "must be a word such as amd64, or * for all");
const words = z.array(word).min(1).max(100);

/** Which images of a source are wanted. `*` in a list stands for all. */
export const bootSourceSelection = z.object({
  id: z.int(),
  boot_source_id: z.int(),
  os: z.string(),
  release: z.string(),
  arches: z.array(z.string()),
  subarches: z.array(z.string()),
  labels: z.array(z.string()),
});
export type BootSourceSelection = z.infer<typeof bootSourceSelection>;
const selectionFields = {
  os: word.describe("operating system as the stream calls it, such as ubuntu"),
  release: word.describe("release as the stream calls it, such as noble"),
  arches: words.describe("architectures such as amd64; *: all"),
  subarches: words.describe("kernels such as ga-24.04; *: all"),
  labels: words.describe("labels of the stream such as stable; *: all"),
};
export const bootSourceSelectionCreate = z.strictObject({
  ...selectionFields,
  arches: selectionFields.arches.default(["*"]),
  subarches: selectionFields.subarches.default(["*"]),
  labels: selectionFields.labels.default(["*"]),
});
export type BootSourceSelectionCreate = z.infer<typeof bootSourceSelectionCreate>;
export const bootSourceSelectionUpdate = z.strictObject(selectionFields).partial();
export type BootSourceSelectionUpdate = z.infer<typeof bootSourceSelectionUpdate>;
