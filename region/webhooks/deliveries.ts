import { webhookDelivery, webhookFilter, type Event, type WebhookDelivery } from "@rackwright/contract";
import { type Kysely, type Selectable, sql } from "kysely";
import { jobsChannel, jobsSchema, webhookQueue } from "../database/jobs.ts";
import { type Database, type Transaction, json } from "../database/pool.ts";
import type { Tables } from "../database/tables.ts";
import type { DeliveryState, WebhookDeliveriesTable, WebhooksTable } from "../database/tables/api.ts";
import { NotFound, StateConflict } from "../errors.ts";
import { appendAudit } from "../events/audit.ts";
import { eventColumns } from "../events/read.ts";
import { declareList } from "../filter/list.ts";
import { type Asked, listPage } from "../filter/page.ts";
import { filterCondition } from "../machines/filter.ts";
import { type Page, showPage } from "../page.ts";
import { type By, readWebhook } from "./webhooks.ts";

/** How a delivery is tried again: seconds to the second attempt, which double up to an hour, and how often. */
export type Retries = { delay: number; limit: number };
/** With its delays that is about a day. */
export const usualRetries: Retries = { delay: 10, limit: 32 };

/** Events made into deliveries of one webhook at once, and events looked at for that. */
const batch = 500;
const span = 100_000;

const levels = ["debug", "info", "warning", "error"] as const;

/**
 * Makes deliveries of the events up to `through`, which must be settled, for every webhook that wants them, each event once
 * however many regions do this at once. Returns whether there is more to do.
 */
export async function makeDeliveries(db: Database, through: number, now: Date, retries: Retries): Promise<boolean> {
  const due = await db
    .selectFrom("webhooks")
    .select("id")
    .where("enabled", "=", true)
    .where("through", "<", through)
    .orderBy("id")
    .execute();
  let more = false;
  for (const { id } of due)
    more = (await db.transaction().execute((tx) => makeFor(tx, id, through, now, retries))) || more;
  return more;
}

async function makeFor(tx: Transaction, id: number, through: number, now: Date, retries: Retries): Promise<boolean> {
  const hook = await tx
    .selectFrom("webhooks")
    .selectAll()
    .where("id", "=", id)
    .where("enabled", "=", true)
    .where("through", "<", through)
    .forUpdate()
    .skipLocked()
    .executeTakeFirst();
  if (!hook) return false;
  const end = Math.min(through, hook.through + span);
  const events = await wantedEvents(tx, hook, end);
  const reached = events.length === batch ? (events.at(-1)?.id ?? end) : end;
  await tx.updateTable("webhooks").set({ through: reached }).where("id", "=", id).execute();
  if (events.length > 0) {
    const made = await tx
      .insertInto("webhook_deliveries")
      .values(events.map((event) => ({ webhook_id: id, event_id: event.id, event: json(event), created_at: now })))
      .returning("id")
      .execute();
    await enqueue(
      tx,
      made.map((one) => one.id),
      retries,
    );
  }
  return reached < through;
}

async function wantedEvents(tx: Transaction, hook: Selectable<WebhooksTable>, end: number): Promise<Event[]> {
  const filter = webhookFilter(hook.filter);
  const patterns = hook.types.map((prefix) => `${prefix.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`);
  const rows = await tx
    .selectFrom("events")
    .select(eventColumns)
    .where("id", ">", hook.through)
    .where("id", "<=", end)
    .where("level", "in", levels.slice(levels.indexOf(hook.level)))
    .$if(patterns.length > 0, (query) => query.where(sql<boolean>`type like any(${patterns}::text[])`))
    .$if(filter !== null, (query) =>
      query.where(
        sql<boolean>`machine_id in (select machines.id from machines where ${filterCondition(filter ?? { kind: "and", of: [] })})`,
      ),
    )
    .orderBy("id")
    .limit(batch)
    .execute();
  return rows.map((row) => ({ ...row, at: row.at.toISOString() }));
}

/** Puts deliveries in the queue, in the caller's transaction, as power commands are. */
async function enqueue(tx: Transaction, deliveries: readonly number[], { delay, limit }: Retries): Promise<void> {
  await sql`
    with queued as (
      insert into ${sql.table(`${jobsSchema}.job`)}
        (name, data, retry_limit, retry_delay, retry_backoff, retry_delay_max, expire_seconds, deletion_seconds)
      select ${webhookQueue}, jsonb_build_object('delivery', id), ${limit}, ${delay}, ${delay > 0}, 3600, 60, 86400
      from unnest(${[...deliveries]}::bigint[]) with ordinality as given(id, n) order by n
    ) select pg_notify(${jobsChannel}, '')`.execute(tx);
}

type Row = Selectable<WebhookDeliveriesTable>;
const toDelivery = ({ webhook_id: _webhook, event, ...row }: Row): WebhookDelivery => ({
  ...row,
  type: event.type,
  created_at: row.created_at.toISOString(),
  attempted_at: row.attempted_at?.toISOString() ?? null,
});

export const deliveryList = declareList("webhooks/{id}/deliveries", webhookDelivery, {
  order: ["id"],
  descending: true,
  fields: { type: { value: sql`(listed.event ->> 'type')` } },
});

/**
 * One page of the deliveries of a webhook, filtered and sorted as asked for; else the newest first.
 *
 * @throws NotFound, InputError
 */
export async function listDeliveries(
  db: Kysely<Tables>,
  webhookId: number,
  { state, ...asked }: Asked & { state?: DeliveryState | undefined },
): Promise<Page<WebhookDelivery>> {
  await readWebhook(db, webhookId);
  const rows = db
    .selectFrom("webhook_deliveries")
    .selectAll()
    .where("webhook_id", "=", webhookId)
    .$if(state !== undefined, (query) => query.where("state", "=", state ?? "waiting"));
  return showPage(await listPage(db, deliveryList, rows, asked), toDelivery);
}

/**
 * Sends an event again, with the id it was sent with before.
 *
 * @throws NotFound, StateConflict while it waits to be sent, or the webhook is disabled
 */
export async function redeliver(
  db: Database,
  webhookId: number,
  id: number,
  { actor, now }: By,
): Promise<WebhookDelivery> {
  return db.transaction().execute(async (tx) => {
    const hook = await readWebhook(tx, webhookId);
    const row = await tx
      .selectFrom("webhook_deliveries")
      .selectAll()
      .where("webhook_id", "=", webhookId)
      .where("id", "=", id)
      .forUpdate()
      .executeTakeFirst();
    if (!row)
      throw new NotFound(`Webhook ${webhookId} has no delivery ${id}.`, {
        next: "GET /api/v1/webhooks/{id}/deliveries lists those that are kept.",
      });
    if (row.state === "waiting") throw new StateConflict(`Delivery ${id} waits to be sent already.`);
    if (!hook.enabled) throw new StateConflict(`Webhook ${webhookId} is disabled.`, { next: "Enable it first." });
    const again = await tx
      .updateTable("webhook_deliveries")
      .set({ state: "waiting" })
      .where("id", "=", id)
      .returningAll()
      .executeTakeFirstOrThrow();
    await enqueue(tx, [id], usualRetries);
    await appendAudit(tx, {
      type: "webhook.changed",
      at: now,
      actor,
      message: `${actor} had event ${row.event_id} delivered again to webhook ${webhookId}`,
      before: { state: row.state },
      after: { state: "waiting" },
      data: { webhook_id: webhookId, delivery: id },
    });
    return toDelivery(again);
  });
}

/** Days a delivery is kept for the log. */
const keptDays = 30;

/** Forgets deliveries that were made long ago. */
export async function sweepDeliveries(db: Database, now: Date): Promise<void> {
  await db
    .deleteFrom("webhook_deliveries")
    .where("created_at", "<", new Date(now.getTime() - keptDays * 86_400_000))
    .where("state", "<>", "waiting")
    .execute();
}
