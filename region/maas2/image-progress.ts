import { type Kysely, sql } from "kysely";
import { z } from "zod";
import { json } from "../database/pool.ts";
import type { Tables } from "../database/tables.ts";
import { noMatch, numberOf } from "./common.ts";
import { type Call, type Resource, operation } from "./operation.ts";
import { integer, list, text } from "./parameters.ts";

const file = "BootResourceFile";
const node = text("The region that tells it.", 20);
const size = integer("Bytes it has.", { least: 0, most: Number.MAX_SAFE_INTEGER });

/** Writes down how much of these uploads a region has. Others are passed over. */
async function keep(db: Kysely<Tables>, ids: readonly number[], system_id: string, bytes: number): Promise<void> {
  await sql`insert into image_sync_progress (upload_id, system_id, size)
    select id, ${system_id}, ${bytes} from image_uploads
    where id in (select value::bigint from jsonb_array_elements_text(${json(ids)}::jsonb))
    on conflict (upload_id, system_id) do update set size = excluded.size`.execute(db);
}

async function requireFile(call: Call): Promise<number> {
  const id = numberOf(call, "file_id", file);
  const row = await call.db.selectFrom("image_uploads").select("id").where("id", "=", id).executeTakeFirst();
  if (row === undefined) throw noMatch(file);
  return id;
}

const ids = list("Numbers of the files.").transform((values, context) =>
  values.flatMap((value): number[] => {
    if (/^[0-9]{1,15}$/.test(value.trim())) return [Number(value)];
    context.addIssue({ code: "custom", message: "must be numbers" });
    return z.NEVER;
  }),
);

/** How far regions are with copying images, as MAAS's own programs tell each other. Not described. */
export const imageProgressResources: readonly Resource[] = [
  {
    handler: null,
    path: "images-sync-progress/",
    doc: "How much of the files of images the regions have.",
    operations: {
      GET: operation({
        access: "admin",
        title: "Read how much of each file each region has.",
        parameters: z.object({}),
        run: async ({ db }) => {
          const rows = await db.selectFrom("image_sync_progress").selectAll().orderBy("upload_id").execute();
          const byFile = Map.groupBy(rows, ({ upload_id }) => upload_id);
          return {
            json: Object.fromEntries(
              [...byFile].map(([id, parts]) => [
                id,
                Object.fromEntries(parts.map(({ system_id, size: bytes }) => [system_id, bytes])),
              ]),
            ),
          };
        },
      }),
      POST: operation({
        access: "admin",
        title: "Tell how much of some files a region has.",
        parameters: z.object({ system_id: node.optional(), ids, size: size.optional() }),
        run: async ({ db }, { system_id, ids: files, size: bytes }) => {
          if (system_id !== undefined && bytes !== undefined) await keep(db, files, system_id, bytes);
          return { json: null };
        },
      }),
    },
  },
  {
    handler: null,
    path: "images-sync-progress/{file_id}/{system_id}/",
    doc: "How much of one file a region has.",
    operations: {
      GET: operation({
        access: "admin",
        title: "Read how much of a file a region has.",
        parameters: z.object({}),
        run: async (call) => {
          const id = await requireFile(call);
          const row = await call.db
            .selectFrom("image_sync_progress")
            .select("size")
            .where("upload_id", "=", id)
            .where("system_id", "=", call.path["system_id"] ?? "")
            .executeTakeFirst();
          return { json: { size: row?.size ?? 0 } };
        },
      }),
      PUT: operation({
        access: "admin",
        title: "Tell how much of a file a region has.",
        parameters: z.object({ size: size.optional() }),
        run: async (call, { size: bytes }) => {
          const id = await requireFile(call);
          if (bytes !== undefined) await keep(call.db, [id], (call.path["system_id"] ?? "").slice(0, 20), bytes);
          return { json: null };
        },
      }),
    },
  },
  {
    handler: null,
    path: "agents/{system_id}/services/{service_name}/config/",
    doc: "Configuration of services of MAAS's agent, of which there is none here.",
    operations: {
      GET: operation({
        access: "admin",
        title: "Read the configuration of a service.",
        parameters: z.object({}),
        run: async () => {
          throw noMatch("AgentConfig");
        },
      }),
      POST: operation({
        access: "user",
        title: "Not implemented, as in MAAS.",
        parameters: z.object({}),
        run: async () => ({ status: 501, text: "Not Implemented" }),
      }),
    },
  },
];
