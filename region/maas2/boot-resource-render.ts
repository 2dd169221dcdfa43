import type { ImageFile } from "@rackwright/contract";
import type { Kysely } from "kysely";
import type { Tables } from "../database/tables.ts";
import { type CustomImage, type ImageUpload, type Filetype, filetypes, listCustomImages } from "../images/index.ts";
import { localTime } from "./common.ts";

/** An image of the store as a boot resource needs it. */
type StoredImage = {
  id: number;
  name: string;
  os: string;
  release: string;
  architecture: string;
  title: string;
  built_at: Date;
  files: ImageFile[];
  last_deployed: Date | null;
};
/** One thing that can be deployed: an image of the store that was built, or one that was uploaded or is being. */
export type BootResource = { stored: StoredImage | null; custom: CustomImage | null };

/**
 * Images that machines can be deployed with, and those that are being uploaded: built ones first. Boot loaders and the
 * ephemeral system come with Rackwright and are not among them.
 */
export async function readBootResources(db: Kysely<Tables>): Promise<BootResource[]> {
  const rows = await db
    .selectFrom("images")
    .select(["id", "name", "os", "release", "architecture", "title", "built_at", "files"])
    .select((eb) =>
      eb
        .selectFrom("machines")
        .select(({ fn }) => fn.max("machines.status_since").as("at"))
        .whereRef("machines.image", "=", "images.name")
        .where("machines.status", "=", "deployed")
        .as("last_deployed"),
    )
    .where("kind", "=", "deployable")
    .orderBy("id")
    .execute();
  const customs = await listCustomImages(db);
  const byName = new Map(rows.map((row) => [row.name, row]));
  const uploaded = new Set(customs.map(({ image }) => image));
  return [
    ...rows.filter(({ name }) => !uploaded.has(name)).map((stored) => ({ stored, custom: null })),
    ...customs.map((custom) => ({ stored: byName.get(custom.image) ?? null, custom })),
  ];
}

/** The number of a boot resource. */
export function idOf({ stored, custom }: BootResource): number {
  return custom?.id ?? stored?.id ?? 0;
}

/** As lists have it. */
export function renderBootResource(resource: BootResource) {
  const { stored, custom } = resource;
  const id = idOf(resource);
  const title = custom?.title || stored?.title;
  return {
    id,
    type: custom === null ? "Synced" : "Uploaded",
    name: custom?.name ?? `${stored?.os}/${stored?.release}`,
    architecture: `${custom?.architecture ?? stored?.architecture}/generic`,
    last_deployed: stored?.last_deployed ? localTime(stored.last_deployed) : null,
    resource_uri: `/MAAS/api/2.0/boot-resources/${id}/`,
    subarches: "generic",
    ...(title && { title }),
    ...(custom?.base_image && { base_image: custom.base_image }),
  };
}

/** With its versions and their files. */
export function renderBootResourceSets(resource: BootResource) {
  const { stored, custom } = resource;
  const sets =
    custom === null
      ? stored === null
        ? []
        : [builtSet(stored)]
      : custom.uploads.map((upload) => uploadedSet(custom.id, upload));
  return { ...renderBootResource(resource), sets: Object.fromEntries(sets.map((set) => [set.version, set])) };
}

function builtSet({ built_at, files }: StoredImage) {
  return {
    version: built_at.toISOString().slice(0, 10).replaceAll("-", ""),
    label: "stable",
    size: files.reduce((sum, { size }) => sum + size, 0),
    complete: true,
    files: Object.fromEntries(
      files.map(({ name, role, sha256, size }) => [
        name,
        { filename: name, filetype: role, sha256, filename_on_disk: sha256, size, complete: true },
      ]),
    ),
  };
}

function uploadedSet(resource: number, upload: ImageUpload) {
  const { version, sha256, size, received } = upload;
  const { name, role } = filetypes[upload.filetype as Filetype];
  const complete = upload.completed_at !== null;
  const progress = complete ? {} : { progress: Math.floor((received / size) * 10_000) / 10_000 };
  const upload_uri = `/MAAS/api/2.0/boot-resources/${resource}/upload/${upload.id}/`;
  const file = {
    filename: name,
    filetype: role,
    sha256,
    filename_on_disk: sha256,
    size,
    complete,
    ...progress,
    ...(!complete && { upload_uri }),
  };
  return { version, label: "uploaded", size, complete, ...progress, files: { [name]: file } };
}
