import { architecture, failure, type Image, image, pageOf } from "@rackwright/contract";
import { sql } from "kysely";
import { z } from "zod";
import type { Clock } from "../clock.ts";
import type { Database } from "../database/pool.ts";
import { appendAudit } from "../events/audit.ts";
import type { App } from "../http/app.ts";
import { callerOf } from "../http/auth.ts";
import { NotFound } from "../errors.ts";
import { declareList } from "../filter/list.ts";
import { type Asked, listPage, listQuery } from "../filter/page.ts";
import { type Page, showPage } from "../page.ts";
import type { Guards } from "../racks/routes.ts";
import type { ImageSync, SyncOutcome } from "./sync.ts";

const syncRequest = z
  .object({ verify: z.boolean().default(false).describe("read every file again and compare its hash") })
  .nullish();
const syncAnswer = z.object({
  registered: z.array(z.string()),
  removed: z.array(z.string()),
  problems: z.array(failure),
});

/** `/api/v1/images`. */
export function registerImageRoutes(
  app: App,
  deps: { db: Database; clock: Clock; images: ImageSync; guards: Guards },
): void {
  const { db, guards } = deps;
  const tags = ["images"];

  app.get(
    "/api/v1/images",
    {
      preHandler: guards.user,
      schema: { summary: "List images", tags, querystring: listQuery(imageList), response: { 200: pageOf(image) } },
    },
    async (incoming) => pageOfImages(db, incoming.query),
  );
  app.get(
    "/api/v1/images/:name",
    {
      preHandler: guards.user,
      schema: {
        summary: "Read an image",
        tags,
        params: z.object({ name: z.string().max(63) }),
        querystring: z.object({ architecture: architecture.optional().describe("which of several of this name") }),
        response: { 200: image },
      },
    },
    async ({ params: { name }, query }) => {
      const found = (await listImages(db, `${name}/`, 2)).find(
        (each) => each.name === name && each.architecture === (query.architecture ?? each.architecture),
      );
      if (found === undefined)
        throw new NotFound(`There is no image '${name}'.`, { next: "GET /api/v1/images lists those there are." });
      return found;
    },
  );
  app.post(
    "/api/v1/images/sync",
    {
      // The store is files.
      config: { outside: true },
      preHandler: guards.administrator,
      schema: {
        summary: "Register what is in the image store; with verify, read every file again",
        tags,
        body: syncRequest,
        response: { 200: syncAnswer },
      },
    },
    async (incoming) => {
      const verify = incoming.body?.verify ?? false;
      const by = { actor: callerOf(incoming).username, now: deps.clock.now() };
      const { registered, removed, problems } = await syncStore(db, deps.images, by, verify);
      return { registered, removed, problems };
    },
  );
}

/** Reads the image store because somebody asked for it; with `verify`, every file of it. */
export async function syncStore(
  db: Database,
  images: ImageSync,
  { actor, now }: { actor: string; now: Date },
  verify = false,
): Promise<SyncOutcome> {
  const outcome = await images.sync({ verify, prune: true });
  const { registered, removed, problems } = outcome;
  await db.transaction().execute((tx) =>
    appendAudit(tx, {
      type: "image.changed",
      at: now,
      actor,
      message: `${actor} had the image store read: ${registered.length} registered, ${removed.length} removed, ${problems.length} problems`,
      before: { images: removed },
      after: { images: registered },
      data: { verify },
    }),
  );
  return outcome;
}

const images = (db: Database) =>
  db.selectFrom("images").select(["name", "kind", "title", "os", "release", "architecture", "built_at", "files"]);
const shown = ({ built_at, ...row }: Omit<Image, "built_at" | "size"> & { built_at: Date }): Image => ({
  ...row,
  built_at: built_at.toISOString(),
  size: row.files.reduce((sum, file) => sum + file.size, 0),
});

export const imageList = declareList("images", image, {
  order: ["name", "architecture"],
  separator: "/",
  fields: {
    name: { cased: true },
    files: null,
    size: {
      value: sql`(select sum((one ->> 'size')::bigint)::bigint from jsonb_array_elements(listed.files) as one)`,
      bytes: true,
      meaning: "bytes of all its files; K, M, G, T are powers of 1000",
    },
  },
});

/** One page of images, filtered and sorted as asked for; else in order of name and architecture. @throws InputError */
async function pageOfImages(db: Database, asked: Asked): Promise<Page<Image>> {
  return showPage(await listPage(db, imageList, images(db), asked), shown);
}

/** Images after `cursor` (`<name>/<architecture>`) in order of name and architecture. */
export async function listImages(db: Database, cursor: string, limit: number): Promise<Image[]> {
  const [after = "", than = ""] = cursor.split("/");
  const rows = await images(db)
    .where(sql<boolean>`(name, architecture) > (${after}, ${than})`)
    .orderBy("name")
    .orderBy("architecture")
    .limit(limit)
    .execute();
  return rows.map(shown);
}
