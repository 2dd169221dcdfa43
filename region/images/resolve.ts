import type { Architecture } from "@rackwright/contract";
import { type Kysely } from "kysely";
import type { Tables } from "../database/tables.ts";
import { InputError } from "../errors.ts";
import { readStored } from "../settings/stored.ts";

/** Of versions, the greater one first: 10 before 9. */
const newestFirst = new Intl.Collator("en", { numeric: true });

/**
 * The deployable image somebody means: by its name, by `os/release`, by a release, or by an operating system (then its
 * newest release); nothing means what the settings `default_osystem` and `default_distro_series` say.
 *
 * @throws InputError on the field `distro_series`
 */
export async function resolveImage(
  db: Kysely<Tables>,
  wanted: string | undefined,
  architecture: Architecture | null,
): Promise<string> {
  const words =
    wanted === undefined || wanted === ""
      ? `${String(await readStored(db, "default_osystem"))}/${String(await readStored(db, "default_distro_series"))}`
      : wanted;
  const rows = await db
    .selectFrom("images")
    .select(["name", "os", "release", "architecture"])
    .where("kind", "=", "deployable")
    .execute();
  const images = rows
    .filter((image) => architecture === null || image.architecture === architecture)
    .toSorted((a, b) => newestFirst.compare(b.release, a.release));
  const name = words.replace(/^custom\//, "");
  const found =
    images.find((image) => image.name === name) ??
    images.find(({ os, release }) => `${os}/${release}` === words) ??
    images.find(({ release }) => release === words) ??
    images.find(({ os }) => os === words);
  if (found) return found.name;
  const known = [...new Set(images.map(({ os, release }) => `${os}/${release}`))].slice(0, 50).join(", ");
  throw InputError.field(
    "distro_series",
    words.slice(0, 200),
    known === ""
      ? `'${words.slice(0, 200)}' is not a valid distro_series. There is no image for ${architecture ?? "any architecture"} yet.`
      : `'${words.slice(0, 200)}' is not a valid distro_series. It should be one of: ${known}.`,
  );
}
