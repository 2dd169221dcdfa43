import { sql } from "kysely";
import { z } from "zod";
import type { Clock } from "../clock.ts";
import type { Database } from "../database/pool.ts";
import { type Caller, visibleMachines } from "../users/access.ts";
import type { App } from "./app.ts";

const status = z.object({
  version: z.string(),
  ok: z.boolean(),
  database: z.object({ ok: z.boolean(), version: z.string().nullable(), milliseconds: z.number().nullable() }),
  racks: z.object({ known: z.int(), connected: z.int() }),
  machines: z.record(z.string(), z.int()).describe("how many in each status; for users only"),
  time: z.iso.datetime(),
});

/** A rack whose region was killed is not connected any more, whatever its row says. */
const rackSilence = 45_000;

/** `GET /api/v1/status`: whether the region can do its work. Answers strangers with as much as a health check needs. */
export function registerStatusRoute(
  routes: App,
  { db, clock, version }: { db: Database; clock: Clock; version: string },
): void {
  routes.get(
    "/api/v1/status",
    {
      config: { public: true },
      schema: {
        tags: ["status"],
        summary: "Health of the region, its database and its racks",
        response: { 200: status },
      },
    },
    async (incoming) => {
      const began = performance.now();
      const now = clock.now();
      const answer = await readCounts(db, new Date(now.getTime() - rackSilence), incoming.caller).catch(() => null);
      return {
        version,
        ok: answer !== null,
        database: {
          ok: answer !== null,
          version: answer?.version ?? null,
          milliseconds: answer === null ? null : Math.round((performance.now() - began) * 10) / 10,
        },
        racks: { known: answer?.known ?? 0, connected: answer?.connected ?? 0 },
        machines: (incoming.caller && answer?.machines) || {},
        time: now.toISOString(),
      };
    },
  );
}

type Counts = { version: string; known: number; connected: number; machines: Record<string, number> | null };

async function readCounts(db: Database, alive: Date, viewer: Caller | null): Promise<Counts | null> {
  const { rows } = await sql<Counts>`
    select current_setting('server_version') as version,
      (select count(*) from racks) as known,
      (select count(*) from racks where connected_at is not null and seen_at > ${alive}
        and (disconnected_at is null or disconnected_at < connected_at)) as connected,
      (select jsonb_object_agg(status, amount) from (select status, count(*) as amount from machines
        where ${viewer === null ? sql`false` : visibleMachines(viewer)} group by status) as s)
        as machines`.execute(db);
  return rows[0] ?? null;
}
