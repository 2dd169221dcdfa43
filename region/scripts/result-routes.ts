import { setTimeout as sleep } from "node:timers/promises";
import {
  hardwareType,
  pageOf,
  resultType,
  scriptResult,
  scriptStatuses,
  systemId,
  tooManyStreams,
} from "@rackwright/contract";
import { z } from "zod";
import type { Clock } from "../clock.ts";
import type { Database } from "../database/pool.ts";
import { OutsideDown } from "../errors.ts";
import { listQuery } from "../filter/page.ts";
import type { App } from "../http/app.ts";
import { callerOf } from "../http/auth.ts";
import { type Output, type OutputStream, outputStreams, readOutput } from "./output-read.ts";
import { listResults, readResult, requireJudge, requireReadable, resultList } from "./results.ts";
import { suppressResult } from "./suppress.ts";

export type ResultDeps = { db: Database; clock: Clock; signal: AbortSignal };

const tags = ["results"];
const positive = z.coerce.number().int().positive().max(Number.MAX_SAFE_INTEGER);
const params = z.object({ id: positive });
const statusList = z
  .string()
  .transform((text) => text.split(",").map((word) => word.trim()))
  .pipe(z.array(z.enum(scriptStatuses)))
  .describe(`one status or several with commas between: ${scriptStatuses.join(", ")}`);
const longestWait = 30;
/** Readers that wait for output, in one region process: each asks the database three times a second. */
const mostWaiting = 100;
const pollMilliseconds = 300;

/** Routes of what scripts found on machines: results, their output, and failures that shall not count. */
export function registerResultRoutes(
  routes: App,
  { db, clock, signal, waitLimit = mostWaiting }: ResultDeps & { waitLimit?: number },
): void {
  let waiting = 0;
  routes.get(
    "/api/v1/machines/:id/results",
    {
      schema: {
        tags,
        summary: "Results of scripts on a machine, the newest first; of the last run of each type, or of all",
        params: z.object({ id: systemId }),
        querystring: listQuery(resultList).extend({
          type: resultType.optional(),
          status: statusList.optional(),
          name: z.string().max(200).optional(),
          hardware_type: hardwareType.optional(),
          set: positive.optional().describe("only of this set"),
          history: z
            .enum(["true", "false"])
            .transform((word) => word === "true")
            .optional()
            .describe("also of earlier sets"),
        }),
        response: { 200: pageOf(scriptResult) },
      },
    },
    async (incoming) => {
      const { id } = incoming.params;
      const { limit, cursor, filter, sort, ...wanted } = incoming.query;
      await requireReadable(db, id, callerOf(incoming));
      return listResults(db, id, wanted, { limit, cursor, filter, sort });
    },
  );

  routes.get(
    "/api/v1/results/:id",
    { schema: { tags, summary: "One result", params, response: { 200: scriptResult } } },
    async (incoming) => readResult(db, incoming.params.id, callerOf(incoming)),
  );

  routes.get(
    "/api/v1/results/:id/output",
    {
      schema: {
        tags,
        summary: "Output of a script, also while it runs",
        description:
          "The bytes as they came, with a line in the place of what was not kept. X-Next-Offset says where to go on, " +
          "X-Result-Status how the script stands. With `wait` the answer comes as soon as there is more.",
        params,
        querystring: z.object({
          stream: z.enum(outputStreams).default("combined").describe("standard output, standard error, or both"),
          offset: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).default(0).describe("bytes to pass over"),
          wait: z.coerce
            .number()
            .int()
            .min(0)
            .max(longestWait)
            .default(0)
            .describe("seconds to wait for more, while it runs"),
        }),
        response: { 200: z.instanceof(Buffer) },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const { stream, offset, wait } = request.query;
      const { raw } = request;
      await readResult(db, id, callerOf(request));
      const gone = () => signal.aborted || raw.destroyed;
      if (wait > 0 && waiting >= waitLimit)
        throw new OutsideDown(`This region has ${waitLimit} readers waiting for output already.`, tooManyStreams);
      if (wait > 0) waiting++;
      const { output, status } = await awaitOutput(db, { id, stream, offset, wait, gone }).finally(() => {
        if (wait > 0) waiting--;
      });
      return reply
        .type("text/plain; charset=utf-8")
        .header("X-Content-Type-Options", "nosniff")
        .header("Cache-Control", "no-store")
        .header("X-Next-Offset", String(output.next))
        .header("X-Result-Status", status)
        .send(output.data);
    },
  );

  for (const verb of ["suppress", "unsuppress"] as const)
    routes.post(
      `/api/v1/results/:id/${verb}`,
      {
        schema: {
          tags,
          summary: verb === "suppress" ? "Let a failure not count" : "Let a failure count again",
          params,
          response: { 200: scriptResult },
        },
      },
      async (request) => {
        const { id } = request.params;
        const caller = callerOf(request);
        const change = { actor: caller.username, now: clock.now() };
        return db.transaction().execute(async (tx) => {
          await requireJudge(tx, (await readResult(tx, id, caller)).machine_id, caller);
          await suppressResult(tx, id, verb === "suppress", change);
          return readResult(tx, id);
        });
      },
    );
}

type Wanted = { id: number; stream: OutputStream; offset: number; wait: number; gone: () => boolean };

/** Output from the offset on: at once when there is some or the script is over, else when it comes or the wait ends. */
async function awaitOutput(
  db: Database,
  { id, stream, offset, wait, gone }: Wanted,
): Promise<{ output: Output; status: string }> {
  for (let waited = 0; ; waited += pollMilliseconds) {
    // The status first: what was written before the end of a run is there once it has ended.
    const { status, ended_at } = await readResult(db, id);
    const output = await readOutput(db, id, stream, offset);
    if (output.next > offset || ended_at !== null || waited >= wait * 1000 || gone()) return { output, status };
    await sleep(pollMilliseconds);
  }
}
