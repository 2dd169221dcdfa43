import type { Architecture } from "@rackwright/contract";
import { InputError } from "../errors.ts";

/** Operating systems that operators bring images of under their own name; everything else is `custom`. */
export const uploadedSystems = [
  "custom",
  "windows",
  "esxi",
  "rhel",
  "suse",
  "centos",
  "ol",
  "rocky",
  "debian",
] as const;

const word = /^[a-z0-9][a-z0-9.-]*$/;

/** System and release of the name under which an image is uploaded: `x` and `custom/x` are the image x of `custom`. */
export function releaseOf(name: string): { os: string; release: string } {
  const [first = "", second] = name.split("/");
  return second === undefined ? { os: "custom", release: first } : { os: first, release: second };
}

/**
 * The name an uploaded image has in the store.
 *
 * @throws InputError for names that are no `<release>` or `<system>/<release>`
 */
export function imageNameOf(name: string, architecture: Architecture): string {
  const { os, release } = releaseOf(name);
  if (!uploadedSystems.some((system) => system === os))
    throw InputError.field(
      "name",
      name,
      `must be a release, or a system and a release such as custom/${release.slice(0, 40) || "x"}; systems are ${uploadedSystems.join(", ")}`,
    );
  const stem = os === "custom" ? release : `${os}-${release}`;
  const image = architecture === "amd64" ? stem : `${stem}-${architecture}`;
  if (name.split("/").length > 2 || !word.test(release) || image.length > 63)
    throw InputError.field(
      "name",
      name,
      "must have a release of lower-case letters, digits, '.' and '-', with its system at most 63 characters",
    );
  return image;
}
