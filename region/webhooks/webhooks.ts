import { type Webhook, type WebhookCreate, type WebhookUpdate, webhook } from "@rackwright/contract";
import { type Kysely, type Selectable } from "kysely";
import { isIP } from "node:net";
import type { Database, Transaction } from "../database/pool.ts";
import type { Tables } from "../database/tables.ts";
import type { WebhooksTable } from "../database/tables/api.ts";
import { InputError, NotFound, StateConflict } from "../errors.ts";
import { appendAudit } from "../events/audit.ts";
import { readSettled } from "../events/read.ts";
import { declareList } from "../filter/list.ts";
import { type Asked, listPage } from "../filter/page.ts";
import { type Page, showPage } from "../page.ts";
import { readSettings } from "../settings/settings.ts";
import { addressRefusal } from "./addresses.ts";

export type By = { actor: string; now: Date };

/** Webhooks there may be: each looks at every event. */
const mostWebhooks = 100;

const toWebhook = ({ secret: _secret, through: _through, ...row }: Selectable<WebhooksTable>): Webhook => ({
  ...row,
  failing_since: row.failing_since?.toISOString() ?? null,
  created_at: row.created_at.toISOString(),
});

export const webhookList = declareList("webhooks", webhook, { order: ["id"] });

/** One page, filtered and sorted as asked for; else in the order of their ids. @throws InputError */
export async function listWebhooks(db: Kysely<Tables>, asked: Asked): Promise<Page<Webhook>> {
  return showPage(await listPage(db, webhookList, db.selectFrom("webhooks").selectAll(), asked), toWebhook);
}

/** @throws NotFound */
export async function readWebhook(db: Kysely<Tables>, id: number): Promise<Webhook> {
  const row = await db.selectFrom("webhooks").selectAll().where("id", "=", id).executeTakeFirst();
  if (!row) throw new NotFound(`There is no webhook ${id}.`, { next: "GET /api/v1/webhooks lists them." });
  return toWebhook(row);
}

/** Makes a webhook, which is told events from now on. @throws InputError for an address nothing is delivered to */
export async function createWebhook(db: Database, fields: WebhookCreate, { actor, now }: By): Promise<Webhook> {
  return db.transaction().execute(async (tx) => {
    await requireReach(tx, fields.url);
    const { count } = await tx
      .selectFrom("webhooks")
      .select((select) => select.fn.countAll<number>().as("count"))
      .executeTakeFirstOrThrow();
    if (count >= mostWebhooks)
      throw new StateConflict(`There are ${count} webhooks already.`, { next: "Delete those that are not needed." });
    const { through } = await readSettled(tx);
    const { id } = await tx
      .insertInto("webhooks")
      .values({ ...fields, through, created_at: now })
      .returning("id")
      .executeTakeFirstOrThrow();
    const made = await readWebhook(tx, id);
    await appendAudit(tx, {
      type: "webhook.changed",
      at: now,
      actor,
      message: `${actor} made webhook ${id} to ${new URL(fields.url).host}`,
      after: told({ ...made, secret: fields.secret }),
      data: { webhook_id: id },
    });
    return made;
  });
}

/**
 * Changes what is given. Enabled again, it is told events from that moment on.
 *
 * @throws NotFound, InputError for an address nothing is delivered to
 */
export async function updateWebhook(
  db: Database,
  id: number,
  change: WebhookUpdate,
  { actor, now }: By,
): Promise<Webhook> {
  return db.transaction().execute(async (tx) => {
    const row = await tx.selectFrom("webhooks").selectAll().where("id", "=", id).forUpdate().executeTakeFirst();
    const before = row ? toWebhook(row) : await readWebhook(tx, id);
    if (change.url !== undefined) await requireReach(tx, change.url);
    const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
    const resumed = change.enabled === true && !before.enabled;
    const fresh = resumed
      ? { through: (await readSettled(tx)).through, disabled_reason: null, failing_since: null }
      : {};
    if (Object.keys(given).length > 0)
      await tx
        .updateTable("webhooks")
        .set({ ...given, ...fresh })
        .where("id", "=", id)
        .execute();
    const after = await readWebhook(tx, id);
    await appendAudit(tx, {
      type: "webhook.changed",
      at: now,
      actor,
      message: `${actor} changed ${Object.keys(given).join(", ") || "nothing"} of webhook ${id}`,
      before: told({ ...before, secret: "former" }),
      after: told({ ...after, secret: change.secret === undefined ? "former" : "new" }),
      data: { webhook_id: id },
    });
    return after;
  });
}

/** Deletes a webhook with its deliveries; those that wait are not sent. @throws NotFound */
export async function deleteWebhook(db: Database, id: number, { actor, now }: By): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const before = await readWebhook(tx, id);
    await tx.deleteFrom("webhooks").where("id", "=", id).execute();
    await appendAudit(tx, {
      type: "webhook.changed",
      at: now,
      actor,
      message: `${actor} deleted webhook ${id} to ${new URL(before.url).host}`,
      before: told(before),
      data: { webhook_id: id },
    });
  });
}

/** What the audit tells of one: the path of a URL may be a secret. */
function told({ url, ...fields }: Webhook & { secret?: string }): Record<string, unknown> {
  return { ...fields, host: new URL(url).host, url_secret: new URL(url).pathname + new URL(url).search };
}

/** Refuses at once what no delivery would reach; names are looked at when they are resolved. */
async function requireReach(tx: Transaction, url: string): Promise<void> {
  const host = new URL(url).hostname.replaceAll(/^\[|\]$/g, "");
  if (isIP(host) === 0) return;
  const refusal = addressRefusal(host, (await readSettings(tx)).webhook_addresses);
  if (refusal !== null) throw InputError.field("url", new URL(url).origin, `cannot be delivered to: ${refusal}`);
}
