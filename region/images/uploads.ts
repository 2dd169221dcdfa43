import { rm } from "node:fs/promises";
import type { Architecture } from "@rackwright/contract";
import { type Kysely, type Selectable, sql } from "kysely";
import type { Database, Transaction } from "../database/pool.ts";
import type { Tables } from "../database/tables.ts";
import type { CustomImagesTable, ImageUploadsTable } from "../database/tables/images.ts";
import { InputError, NotFound, StateConflict } from "../errors.ts";
import { appendAudit } from "../events/audit.ts";
import { type Filetype, filetypes } from "./filetypes.ts";
import { imageNameOf, releaseOf } from "./names.ts";
import { addBlob, dropBlob, hasBlob, uploadPath, writeAt } from "./partial.ts";
import { hashOf, removeManifest, writeManifest } from "./store.ts";
import type { ImageSync } from "./sync.ts";

export type By = { actor: string; now: Date };
/** One version of an image that is or was being uploaded; `received` of `size` bytes are there. */
export type ImageUpload = Selectable<ImageUploadsTable>;
/** An image that an operator brings, with its versions, the newest last. `id` is from the same row as those of `images`. */
export type CustomImage = Selectable<CustomImagesTable> & { uploads: ImageUpload[] };

export type NewUpload = {
  name: string;
  architecture: Architecture;
  title: string;
  base_image: string;
  filetype: Filetype;
  sha256: string;
  size: number;
};
type Deps = { db: Database; images: ImageSync };

const missing = (id: number): NotFound => new NotFound(`There is no custom image ${id}.`);

/** Every image that operators brought, with its uploads. */
export async function listCustomImages(db: Kysely<Tables>, id?: number): Promise<CustomImage[]> {
  const images = await db
    .selectFrom("custom_images")
    .selectAll()
    .$if(id !== undefined, (query) => query.where("id", "=", id ?? 0))
    .orderBy("id")
    .execute();
  const uploads = await db
    .selectFrom("image_uploads")
    .selectAll()
    .$if(id !== undefined, (query) => query.where("custom_image_id", "=", id ?? 0))
    .orderBy("id")
    .execute();
  const byImage = Map.groupBy(uploads, ({ custom_image_id }) => custom_image_id);
  return images.map((image) => ({ ...image, uploads: byImage.get(image.id) ?? [] }));
}

/** One of them. @throws NotFound */
export async function readCustomImage(db: Kysely<Tables>, id: number): Promise<CustomImage> {
  const [image] = await listCustomImages(db, id);
  if (image === undefined) throw missing(id);
  return image;
}

/**
 * Begins an upload: of a new image, or of a new version of one that has been uploaded before, which takes the place of the
 * old one when all of it is there. Where the store has the file already, that is at once.
 *
 * @throws InputError, StateConflict where an image of the store has the name
 */
export async function createUpload({ db, images }: Deps, wanted: NewUpload, by: By): Promise<number> {
  const image = imageNameOf(wanted.name, wanted.architecture);
  const there = await hasBlob(images.store, wanted.sha256);
  if (there !== null && there !== wanted.size)
    throw InputError.field("size", wanted.size, `must be ${there}, as the image store has the file of this sha256`);
  const { id, upload } = await db.transaction().execute(async (tx) => {
    await sql`select pg_advisory_xact_lock(hashtextextended('names of custom images', 0))`.execute(tx);
    const id = await ensureImage(tx, image, wanted);
    const { sha256, size, filetype } = wanted;
    const same = await tx
      .selectFrom("image_uploads")
      .select("id")
      .where("custom_image_id", "=", id)
      .where("sha256", "=", sha256)
      .where("filetype", "=", filetype)
      .executeTakeFirst();
    if (same !== undefined) return { id, upload: same.id };
    const version = await nextVersion(tx, id, by.now);
    const upload = await tx
      .insertInto("image_uploads")
      .values({ custom_image_id: id, version, filetype, sha256, size, uploaded_by: by.actor, created_at: by.now })
      .returning("id")
      .executeTakeFirstOrThrow();
    await appendAudit(tx, {
      type: "image.changed",
      actor: by.actor,
      at: by.now,
      message: `${by.actor} began to upload image ${image}`,
      after: { name: wanted.name, architecture: wanted.architecture, version, filetype, sha256, size },
      data: { action: "upload", image },
    });
    return { id, upload: upload.id };
  });
  if (there !== null) await complete({ db, images }, upload, by.now);
  return id;
}

async function ensureImage(tx: Transaction, image: string, wanted: NewUpload): Promise<number> {
  const { name, architecture, title, base_image } = wanted;
  const known = await tx.selectFrom("custom_images").selectAll().where("image", "=", image).executeTakeFirst();
  if (known !== undefined && known.name === name && known.architecture === architecture) {
    await tx.updateTable("custom_images").set({ title, base_image }).where("id", "=", known.id).execute();
    return known.id;
  }
  const taken = await tx.selectFrom("images").select("name").where("name", "=", image).executeTakeFirst();
  if (known !== undefined || taken !== undefined)
    throw InputError.field("name", name, `must be another one: there is an image ${image} in the store already`);
  const values = { name, image, architecture, title, base_image };
  return (await tx.insertInto("custom_images").values(values).returning("id").executeTakeFirstOrThrow()).id;
}

/** The day, and for a further version of the same day `.1`, `.2`, …. */
async function nextVersion(tx: Transaction, id: number, now: Date): Promise<string> {
  const day = now.toISOString().slice(0, 10).replaceAll("-", "");
  const rows = await tx.selectFrom("image_uploads").select("version").where("custom_image_id", "=", id).execute();
  const numbers = rows
    .map(({ version }) => version.split("."))
    .flatMap(([date, n]) => (date === day ? [Number(n ?? 0)] : []));
  return numbers.length === 0 ? day : `${day}.${Math.max(...numbers) + 1}`;
}

/**
 * Takes the next bytes of an upload. With the last of them the file is checked and becomes an image of the store; where it
 * is not the file that was announced, everything that came is thrown away.
 *
 * @throws NotFound, InputError
 */
export async function receiveChunk(deps: Deps, at: { image: number; upload: number }, chunk: Buffer, now: Date) {
  const { db, images } = deps;
  if (chunk.length === 0) throw new InputError("Missing data.");
  const done = await db.transaction().execute(async (tx) => {
    const row = await tx
      .selectFrom("image_uploads")
      .selectAll()
      .where("id", "=", at.upload)
      .where("custom_image_id", "=", at.image)
      .forUpdate()
      .executeTakeFirst();
    if (row === undefined) throw new NotFound(`Custom image ${at.image} has no upload ${at.upload}.`);
    if (row.completed_at !== null) throw new InputError("Cannot upload to a complete file.");
    const received = row.received + chunk.length;
    if (received > row.size)
      throw new InputError(`Too much data received: ${received} bytes of a file of ${row.size}.`);
    const path = uploadPath(images.store, row.id);
    // Where a write was not written down, the next one comes to the same place.
    await writeAt(path, row.received, chunk);
    const whole = received === row.size;
    const right = !whole || (await hashOf(path)) === row.sha256;
    if (!right) await rm(path, { force: true });
    await tx
      .updateTable("image_uploads")
      .set({ received: right ? received : 0 })
      .where("id", "=", row.id)
      .execute();
    if (!right) return null;
    // Should the region end between here and its being complete: who announces the file again finds it in the store.
    if (whole) await addBlob(images.store, path, row.sha256);
    return whole;
  });
  if (done === null)
    throw new InputError("The file has not the sha256 that was announced; what came of it is thrown away.", {
      next: "Send it again from its beginning.",
    });
  if (done) await complete(deps, at.upload, now);
}

/** All of an upload is in the store: it becomes the image, and older versions go. */
async function complete({ db, images }: Deps, uploadId: number, now: Date): Promise<void> {
  const { upload, image, old } = await db.transaction().execute(async (tx) => {
    const upload = await tx
      .updateTable("image_uploads")
      .set((eb) => ({ received: eb.ref("size"), completed_at: now }))
      .where("id", "=", uploadId)
      .returningAll()
      .executeTakeFirstOrThrow();
    const image = await tx
      .selectFrom("custom_images")
      .selectAll()
      .where("id", "=", upload.custom_image_id)
      .executeTakeFirstOrThrow();
    // A machine that is being installed still fetches the old one; it goes with the next version then.
    const needed = await userOf(tx, image.image);
    const old = await tx
      .deleteFrom("image_uploads")
      .where("custom_image_id", "=", image.id)
      .where("id", "<>", uploadId)
      .$if(needed !== undefined, (query) => query.where("completed_at", "is", null))
      .returningAll()
      .execute();
    return { upload, image, old };
  });
  const kind = filetypes[upload.filetype as Filetype];
  await writeManifest(images.store, {
    name: image.image,
    kind: "deployable",
    title: image.title === "" ? image.name : image.title,
    ...releaseOf(image.name),
    architecture: image.architecture,
    recipe: upload.sha256,
    builtAt: now.toISOString(),
    files: [{ role: kind.role, name: kind.name, sha256: upload.sha256, size: upload.size }],
  });
  await images.sync();
  await forget({ db, images }, old);
}

/** A machine that needs the files of an image: it is being installed with it, or boots it each time. */
async function userOf(tx: Transaction, image: string): Promise<string | undefined> {
  const row = await tx
    .selectFrom("machines")
    .select("hostname")
    .where("image", "=", image)
    .where((eb) => eb.or([eb("status", "=", "deploying"), eb("ephemeral", "=", true)]))
    .limit(1)
    .executeTakeFirst();
  return row?.hostname;
}

/** Deletes what uploads left in the store, unless another image has the same file. */
async function forget({ db, images }: Deps, uploads: readonly ImageUpload[]): Promise<void> {
  for (const { id } of uploads) await rm(uploadPath(images.store, id), { force: true });
  const hashes = [...new Set(uploads.filter((one) => one.completed_at !== null).map(({ sha256 }) => sha256))];
  if (hashes.length === 0) return;
  const { rows } = await sql<{ sha256: string }>`
    select file ->> 'sha256' as sha256 from images, jsonb_array_elements(files) file
    where file ->> 'sha256' = any(${hashes}::text[])
    union select sha256 from image_uploads where sha256 = any(${hashes}::text[]) and completed_at is not null`.execute(
    db,
  );
  for (const sha256 of hashes) if (!rows.some((row) => row.sha256 === sha256)) await dropBlob(images.store, sha256);
}

/**
 * Deletes an image that was uploaded, from the store too.
 *
 * @throws NotFound; StateConflict while a machine needs it
 */
export async function deleteCustomImage({ db, images }: Deps, id: number, { actor, now }: By): Promise<void> {
  const { image, uploads } = await db.transaction().execute(async (tx) => {
    const before = await readCustomImage(tx, id);
    const user = await userOf(tx, before.image);
    if (user !== undefined)
      throw new StateConflict(`Machine ${user} is being deployed with image ${before.image}, or runs it from memory.`, {
        next: "Delete the image when no machine needs it.",
      });
    await tx.deleteFrom("custom_images").where("id", "=", id).execute();
    const { uploads: _, ...fields } = before;
    await appendAudit(tx, {
      type: "image.changed",
      actor,
      at: now,
      message: `${actor} deleted image ${before.image}`,
      before: fields,
      data: { action: "delete", image: before.image },
    });
    return before;
  });
  await removeManifest(images.store, image);
  await images.sync();
  await forget({ db, images }, uploads);
}
