import { notification, notificationCreate, notificationUpdate, pageOf, rowId } from "@rackwright/contract";
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import type { Clock } from "../clock.ts";
import type { Database } from "../database/pool.ts";
import { listQuery } from "../filter/page.ts";
import type { App } from "../http/app.ts";
import { administratorOf, callerOf } from "../http/auth.ts";
import {
  createNotification,
  deleteNotification,
  dismissNotification,
  listNotifications,
  notificationList,
  readNotification,
  updateNotification,
} from "./notifications.ts";

const tags = ["notifications"];
const path = "/api/v1/notifications";
const params = z.object({ id: rowId });

/** `/api/v1/notifications`. */
export function registerNotificationRoutes(routes: App, { db, clock }: { db: Database; clock: Clock }): void {
  const by = (request: FastifyRequest) => ({ actor: administratorOf(request).username, now: clock.now() });
  routes.get(
    path,
    {
      schema: {
        tags,
        summary: "List what is said to you and was not dismissed",
        querystring: listQuery(notificationList),
        response: { 200: pageOf(notification) },
      },
    },
    async (incoming) => listNotifications(db, callerOf(incoming), incoming.query),
  );
  routes.post(
    path,
    {
      schema: {
        tags,
        summary: "Say something to a user, to administrators or to everybody",
        body: notificationCreate,
        response: { 201: notification },
      },
    },
    async (request, reply) => {
      const made = await createNotification(db, request.body, by(request));
      return reply.code(201).header("location", `${path}/${made.id}`).send(made);
    },
  );
  routes.get(
    `${path}/:id`,
    { schema: { tags, summary: "One notification", params, response: { 200: notification } } },
    async (incoming) => readNotification(db, incoming.params.id, callerOf(incoming)),
  );
  routes.patch(
    `${path}/:id`,
    {
      schema: {
        tags,
        summary: "Change a notification",
        params,
        body: notificationUpdate,
        response: { 200: notification },
      },
    },
    async (incoming) => updateNotification(db, incoming.params.id, incoming.body, by(incoming)),
  );
  routes.delete(
    `${path}/:id`,
    { schema: { tags, summary: "Delete a notification", params, response: { 204: z.undefined() } } },
    async (request, reply) => {
      await deleteNotification(db, request.params.id, by(request));
      return reply.code(204).send();
    },
  );
  routes.post(
    `${path}/:id/dismiss`,
    {
      schema: {
        tags,
        summary: "Let a notification not be shown to you any more",
        params,
        response: { 204: z.undefined() },
      },
    },
    async (request, reply) => {
      await dismissNotification(db, request.params.id, callerOf(request), clock.now());
      return reply.code(204).send();
    },
  );
}
