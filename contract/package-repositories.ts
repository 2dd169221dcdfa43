import { z } from "zod";

/** Pockets and components of an Ubuntu archive that can be left out. */
export const ubuntuPockets = ["updates", "security", "backports"] as const;
export const ubuntuComponents = ["restricted", "universe", "multiverse"] as const;
/** Debian's names of architectures that packages are made for. */
export const packageArchitectures = ["amd64", "arm64", "armhf", "i386", "ppc64el", "s390x"] as const;

const word = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._/+~-]{0,99}$/, "must be a word such as jammy-updates");
const words = z.array(word).max(100);
const url = z
  .string()
  .max(2000)
  .refine(
    (text) => /^ppa:[a-z0-9][a-z0-9.+-]*\/[a-z0-9][a-z0-9.+-]*$/i.test(text) || isArchive(text),
    "must be an address such as http://archive.ubuntu.com/ubuntu, or ppa:owner/name",
  )
  .describe("where it is, such as http://archive.ubuntu.com/ubuntu, or ppa:owner/name");

function isArchive(text: string): boolean {
  return URL.canParse(text) && ["http:", "https:", "ftp:"].includes(new URL(text).protocol) && !/\s/.test(text);
}

/** A place that machines take packages from. */
export const packageRepository = z.object({
  id: z.int(),
  name: z.string(),
  url: z.string(),
  distributions: z.array(z.string()),
  disabled_pockets: z.array(z.string()),
  disabled_components: z.array(z.string()),
  disable_sources: z.boolean().describe("no source packages"),
  components: z.array(z.string()),
  arches: z.array(z.string()),
  key: z.string().describe("public key its packages are signed with"),
  enabled: z.boolean(),
  builtin: z.boolean().describe("one of Ubuntu's own archives: it can be changed, not deleted"),
});
export type PackageRepository = z.infer<typeof packageRepository>;

const fields = {
  name: z
    .string()
    .trim()
    .min(1)
    .max(41)
    .regex(/^[\w][\w .:+-]*$/, "must be letters, digits, spaces and '_.:+-'")
    .describe("what it is called"),
  url,
  distributions: words.describe("suites that are taken of it, such as jammy-updates; none: that of the system"),
  disabled_pockets: z.array(z.enum(ubuntuPockets)).max(3).describe("pockets of an Ubuntu archive that are left out"),
  disabled_components: z
    .array(z.enum(ubuntuComponents))
    .max(3)
    .describe("components of an Ubuntu archive that are left out"),
  disable_sources: z.boolean().describe("no source packages"),
  components: words.describe("components that are taken of it, such as main; none: all"),
  arches: z
    .array(z.enum(packageArchitectures))
    .max(packageArchitectures.length)
    .describe("architectures it has packages for; none: all"),
  key: z
    .string()
    .max(64 * 1024)
    .describe("public key its packages are signed with"),
  enabled: z.boolean().describe("false: nothing is taken from it"),
};
export const packageRepositoryCreate = z.strictObject({
  ...fields,
  distributions: fields.distributions.default([]),
  disabled_pockets: fields.disabled_pockets.default([]),
  disabled_components: fields.disabled_components.default([]),
  disable_sources: fields.disable_sources.default(true),
  components: fields.components.default([]),
  arches: fields.arches.default([]),
  key: fields.key.default(""),
  enabled: fields.enabled.default(true),
});
export type PackageRepositoryCreate = z.infer<typeof packageRepositoryCreate>;
export const packageRepositoryUpdate = z.strictObject(fields).partial();
export type PackageRepositoryUpdate = z.infer<typeof packageRepositoryUpdate>;
