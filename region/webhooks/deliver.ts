import type { Selectable } from "kysely";
import type { Database } from "../database/pool.ts";
import type { WebhookDeliveriesTable, WebhooksTable } from "../database/tables/api.ts";
import { appendEvent } from "../events/append.ts";
import { readSettings } from "../settings/settings.ts";
import { type Sending, type Sent, send } from "./send.ts";
import { signedHeaders } from "./sign.ts";

export type DeliverDeps = {
  db: Database;
  now: () => Date;
  version: string;
  /** Milliseconds of nothing but failures after which a webhook is disabled. */
  patience: number;
  sending?: Pick<Sending, "timeout" | "resolve">;
};

type Hook = Selectable<WebhooksTable>;
type Delivery = Selectable<WebhookDeliveriesTable>;

/** Makes one attempt of a delivery. `last`: there is none after it. Resolves to what becomes of the job. */
export async function deliver(id: number, last: boolean, deps: DeliverDeps): Promise<"done" | "again"> {
  const { db, now } = deps;
  const delivery = await db.selectFrom("webhook_deliveries").selectAll().where("id", "=", id).executeTakeFirst();
  // Deleted with its webhook, or sent by a process that ended before it could say so.
  if (delivery?.state !== "waiting") return "done";
  const hook = await db.selectFrom("webhooks").selectAll().where("id", "=", delivery.webhook_id).executeTakeFirst();
  if (!hook) return "done";
  if (!hook.enabled) {
    await db
      .updateTable("webhook_deliveries")
      .set({ state: "failed", error: "the webhook is disabled" })
      .where("id", "=", id)
      .execute();
    return "done";
  }
  const began = performance.now();
  const sent = await attempt(hook, delivery, deps);
  const tried = {
    attempts: delivery.attempts + 1,
    attempted_at: now(),
    milliseconds: Math.round(performance.now() - began),
  };
  const state = sent.error === null ? "delivered" : last ? "failed" : "waiting";
  await db.transaction().execute(async (tx) => {
    await tx
      .updateTable("webhook_deliveries")
      .set({ ...sent, ...tried, state })
      .where("id", "=", id)
      .execute();
    if (sent.error === null) {
      if (hook.failing_since !== null)
        await tx.updateTable("webhooks").set({ failing_since: null }).where("id", "=", hook.id).execute();
      return;
    }
    await tx
      .updateTable("webhooks")
      .set({ failing_since: now() })
      .where("id", "=", hook.id)
      .where("failing_since", "is", null)
      .execute();
  });
  if (sent.error === null) return "done";
  const failingFor = hook.failing_since === null ? 0 : now().getTime() - hook.failing_since.getTime();
  if (failingFor > deps.patience) await disable(hook, sent.error, deps);
  return last ? "done" : "again";
}

async function attempt(hook: Hook, delivery: Delivery, { db, now, version, sending }: DeliverDeps): Promise<Sent> {
  const { event } = delivery;
  const body = JSON.stringify({ type: event.type, timestamp: event.at, data: event });
  const { webhook_addresses: reach } = await readSettings(db);
  return send({
    ...sending,
    url: hook.url,
    body,
    reach,
    headers: {
      "content-type": "application/json",
      "user-agent": `Rackwright/${version}`,
      ...signedHeaders(hook.secret, { id: `delivery_${delivery.id}`, at: now(), body }),
    },
  });
}

/** Gives a webhook up that nothing has reached for long, and says so. */
async function disable(hook: Hook, error: string, { db, now, patience }: DeliverDeps): Promise<void> {
  const hours = Math.round(patience / 3_600_000);
  const reason = `Every attempt failed for more than ${hours} hours, the last because ${error}.`;
  await db.transaction().execute(async (tx) => {
    const { numUpdatedRows } = await tx
      .updateTable("webhooks")
      .set({ enabled: false, disabled_reason: reason })
      .where("id", "=", hook.id)
      .where("enabled", "=", true)
      .executeTakeFirst();
    if (numUpdatedRows === 0n) return;
    await appendEvent(tx, {
      type: "webhook.disabled",
      level: "error",
      at: now(),
      actor: "region",
      message: `webhook ${hook.id} to ${new URL(hook.url).host} was disabled: ${reason}`,
      data: { webhook_id: hook.id },
    });
  });
}
