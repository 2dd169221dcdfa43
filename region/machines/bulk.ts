import { randomUUID } from "node:crypto";
import {
  type BulkResult,
  type MachineStatus,
  type bulkRequest,
  commentRequest,
  commissionRequest,
  deployRequest,
  internalError,
  releaseRequest,
  testRequest,
} from "@rackwright/contract";
import { z } from "zod";
import type { Database } from "../database/pool.ts";
import { InputError, RegionError } from "../errors.ts";
import { databaseError, fieldFailures } from "../http/problems.ts";
import type { Log } from "../log.ts";
import { type Caller, visibleMachines } from "../users/access.ts";
import { askPower } from "./switch.ts";
import { deleteMachine } from "./forget.ts";
import { deployMachine } from "./deploy.ts";
import { updateMachine } from "./change.ts";
import { type By, ask, commissionMachine, releaseMachine, testMachine } from "./ask.ts";
import { changeTags } from "./change-tags.ts";

type Bulk = z.infer<typeof bulkRequest>;
type One = (db: Database, id: string, by: By) => Promise<unknown>;
type Told = Pick<RegionError, "code" | "message" | "next">;

/** Machines worked on at once: below the number of database connections, so that others are served meanwhile. */
const atOnce = 8;

/** Reads an action's options once for all machines. Throws InputError naming the field. */
function options<T>(schema: z.ZodType<T>, given: unknown): T {
  const read = schema.safeParse(given);
  if (read.success) return read.data;
  const failures = fieldFailures(read.error, given).map((one) => ({ ...one, field: `options.${one.field}` }));
  throw new InputError(failures.map(({ field, allowed }) => `${field}: ${allowed}`).join("; "), { failures });
}

const name = z.string().min(1).max(256);

/** What the action does to one machine. */
function actionOf({ action, options: given }: Bulk): One {
  switch (action) {
    case "commission": {
      const body = options(commissionRequest, given);
      return (db, id, by) => commissionMachine(db, id, body, by);
    }
    case "test": {
      const body = options(testRequest, given);
      return (db, id, by) => testMachine(db, id, body, by);
    }
    case "release": {
      const body = options(releaseRequest, given);
      return (db, id, by) => releaseMachine(db, id, body, by);
    }
    case "deploy": {
      const body = options(deployRequest.omit({ owner: true }), given);
      return (db, id, by) => deployMachine(db, id, body, { ...by, ownerId: by.caller.id });
    }
    case "power_on":
    case "power_off":
    case "power_cycle":
    case "query_power": {
      options(z.strictObject({}), given);
      const wish = ({ power_on: "on", power_off: "off", power_cycle: "cycle", query_power: "query" } as const)[action];
      return (db, id, by) => askPower(db, id, wish, by);
    }
    case "set_zone": {
      const { zone } = options(z.strictObject({ zone: name }), given);
      return (db, id, by) => updateMachine(db, id, { zone }, by);
    }
    case "set_pool": {
      const { pool } = options(z.strictObject({ pool: name }), given);
      return (db, id, by) => updateMachine(db, id, { pool }, by);
    }
    case "add_tags":
    case "remove_tags": {
      const { tags } = options(z.strictObject({ tags: z.array(name).min(1).max(100) }), given);
      const change = action === "add_tags" ? { add: tags } : { remove: tags };
      return (db, id, by) => changeTags(db, id, change, by);
    }
    case "delete":
      options(z.strictObject({}), given);
      return (db, id, by) => deleteMachine(db, id, by);
    case "abort":
    case "exit_rescue_mode":
    case "lock":
    case "mark_broken":
    case "mark_fixed":
    case "override_failed_testing":
    case "rescue_mode":
    case "unlock": {
      const { comment } = options(commentRequest, given);
      return (db, id, by) => ask(db, id, action, comment, by);
    }
  }
}

/**
 * Does one thing to many machines, each in a transaction of its own: what fails for one stops no other, and the answer
 * says for each what became of it, in the order asked.
 *
 * @throws InputError when the options do not fit the action
 */
export async function runBulk(db: Database, request: Bulk, by: By, log: Log): Promise<BulkResult> {
  const one = actionOf(request);
  return forEach(db, request.machines, async (id) => void (await one(db, id, by)), { log, viewer: by.caller });
}

/** What is wrong with one machine, whoever's fault it is: a defect of ours goes to the log and is told by its number. */
function told(error: unknown, machine: string, log: Log): Told {
  if (error instanceof RegionError) return error;
  const outside = error instanceof Error ? databaseError(error) : null;
  if (outside !== null) return outside;
  const incident = randomUUID();
  const words = error instanceof Error ? (error.stack ?? error.message) : String(error);
  log.error({ incident, machine, error: words }, "one machine of many failed by a defect");
  return {
    code: internalError.code,
    message: "The region failed to do this.",
    next: `Look for ${incident} in the region's log, and report it.`,
  };
}

/** Runs work for each machine, several at once, and collects what became of them. */
export async function forEach(
  db: Database,
  machines: readonly string[],
  work: (id: string) => Promise<void>,
  { log, viewer }: { log: Log; viewer: Caller },
): Promise<BulkResult> {
  const ids = [...new Set(machines)];
  const errors = new Map<string, Told>();
  const queue = [...ids];
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let id = queue.shift(); id !== undefined; id = queue.shift()) {
        try {
          await work(id);
        } catch (error) {
          errors.set(id, told(error, id, log));
        }
      }
    }),
  );
  const rows = await db
    .selectFrom("machines")
    .select(["id", "status"])
    .where("id", "in", ids)
    .where(visibleMachines(viewer))
    .execute();
  const statuses = new Map<string, MachineStatus>(rows.map(({ id, status }) => [id, status]));
  const items = ids.map((id) => {
    const error = errors.get(id);
    return {
      id,
      ok: error === undefined,
      status: statuses.get(id) ?? null,
      code: error?.code ?? null,
      error: error?.message ?? null,
      next: error?.next ?? null,
    };
  });
  return { done: ids.length - errors.size, items };
}
