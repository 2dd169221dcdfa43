import {
  deliveryState,
  pageOf,
  rowId,
  webhook,
  webhookCreate,
  webhookDelivery,
  webhookUpdate,
} from "@rackwright/contract";
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import type { Clock } from "../clock.ts";
import type { Database } from "../database/pool.ts";
import { listQuery } from "../filter/page.ts";
import type { App } from "../http/app.ts";
import { administratorOf } from "../http/auth.ts";
import { deliveryList, listDeliveries, redeliver } from "./deliveries.ts";
import { createWebhook, deleteWebhook, listWebhooks, readWebhook, updateWebhook, webhookList } from "./webhooks.ts";

const params = z.object({ id: rowId });

/** `/api/v1/webhooks`: for administrators, since the URLs of many receivers are their keys. */
export function registerWebhookRoutes(routes: App, { db, clock }: { db: Database; clock: Clock }): void {
  const tags = ["webhooks"];
  const path = "/api/v1/webhooks";
  const by = (request: FastifyRequest) => ({ actor: administratorOf(request).username, now: clock.now() });
  routes.get(
    path,
    {
      schema: {
        tags,
        summary: "List webhooks",
        querystring: listQuery(webhookList),
        response: { 200: pageOf(webhook) },
      },
    },
    async (incoming) => {
      administratorOf(incoming);
      return listWebhooks(db, incoming.query);
    },
  );
  routes.post(
    path,
    { schema: { tags, summary: "Tell events to a URL from now on", body: webhookCreate, response: { 201: webhook } } },
    async (request, reply) => {
      const made = await createWebhook(db, request.body, by(request));
      return reply.code(201).header("location", `${path}/${made.id}`).send(made);
    },
  );
  routes.get(
    `${path}/:id`,
    { schema: { tags, summary: "One webhook", params, response: { 200: webhook } } },
    async (incoming) => {
      administratorOf(incoming);
      return readWebhook(db, incoming.params.id);
    },
  );
  routes.patch(
    `${path}/:id`,
    { schema: { tags, summary: "Change a webhook", params, body: webhookUpdate, response: { 200: webhook } } },
    async (incoming) => updateWebhook(db, incoming.params.id, incoming.body, by(incoming)),
  );
  routes.delete(
    `${path}/:id`,
    { schema: { tags, summary: "Delete a webhook", params, response: { 204: z.undefined() } } },
    async (request, reply) => {
      await deleteWebhook(db, request.params.id, by(request));
      return reply.code(204).send();
    },
  );
  routes.get(
    `${path}/:id/deliveries`,
    {
      schema: {
        tags,
        summary: "What was told to a webhook in the last month, and what came of it; newest first",
        params,
        querystring: listQuery(deliveryList).extend({ state: deliveryState.optional() }),
        response: { 200: pageOf(webhookDelivery) },
      },
    },
    async (incoming) => {
      administratorOf(incoming);
      return listDeliveries(db, incoming.params.id, incoming.query);
    },
  );
  routes.post(
    `${path}/:id/deliveries/:delivery/redeliver`,
    {
      schema: {
        tags,
        summary: "Send an event to a webhook again",
        params: params.extend({ delivery: rowId }),
        response: { 202: webhookDelivery },
      },
    },
    async (request, reply) => {
      const { id, delivery } = request.params;
      return reply.code(202).send(await redeliver(db, id, delivery, by(request)));
    },
  );
}
