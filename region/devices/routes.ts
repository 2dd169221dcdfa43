import { annotationChange, device, deviceCreate, deviceUpdate, pageOf, systemId } from "@rackwright/contract";
import type { Device } from "@rackwright/contract";
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import type { Clock } from "../clock.ts";
import type { Database } from "../database/pool.ts";
import { listQuery } from "../filter/page.ts";
import type { App } from "../http/app.ts";
import { callerOf } from "../http/auth.ts";
import { showPage } from "../page.ts";
import { annotateDevice, createDevice, deleteDevice, updateDevice } from "./change.ts";
import { type DeviceRow, deviceList, pageOfDevices, readDevice } from "./read.ts";

const tags = ["devices"];
const params = z.object({ id: systemId });

const shown = ({ parent_id, owner_data, created_at, ...row }: DeviceRow): Device => ({
  ...row,
  parent: parent_id,
  annotations: owner_data,
  created_at: created_at.toISOString(),
});

/** Devices: what has addresses and names, and is not provisioned. */
export function registerDeviceRoutes(routes: App, { db, clock }: { db: Database; clock: Clock }): void {
  const by = (request: FastifyRequest) => ({ caller: callerOf(request), now: clock.now() });
  routes.get(
    "/api/v1/devices",
    {
      schema: { tags, summary: "List devices", querystring: listQuery(deviceList), response: { 200: pageOf(device) } },
    },
    async (incoming) => {
      const seen = { viewer: callerOf(incoming), now: clock.now() };
      return showPage(await pageOfDevices(db, incoming.query, seen), shown);
    },
  );
  routes.post(
    "/api/v1/devices",
    { schema: { tags, summary: "Make a device known", body: deviceCreate, response: { 201: device } } },
    async (request, reply) => {
      const made = await createDevice(db, request.body, by(request));
      return reply.code(201).header("location", `/api/v1/devices/${made.id}`).send(shown(made));
    },
  );
  routes.get(
    "/api/v1/devices/:id",
    { schema: { tags, summary: "One device", params, response: { 200: device } } },
    async (incoming) => shown(await readDevice(db, incoming.params.id, callerOf(incoming), clock.now())),
  );
  routes.patch(
    "/api/v1/devices/:id",
    { schema: { tags, summary: "Change a device", params, body: deviceUpdate, response: { 200: device } } },
    async (incoming) => shown(await updateDevice(db, incoming.params.id, incoming.body, by(incoming))),
  );
  routes.patch(
    "/api/v1/devices/:id/annotations",
    {
      schema: {
        tags,
        summary: "Write keys and values on a device of yours; an empty value takes its key away",
        params,
        body: annotationChange,
        response: { 200: device },
      },
    },
    async (incoming) => shown(await annotateDevice(db, incoming.params.id, incoming.body, by(incoming))),
  );
  routes.delete(
    "/api/v1/devices/:id",
    { schema: { tags, summary: "Delete a device", params, response: { 204: z.undefined() } } },
    async (request, reply) => {
      await deleteDevice(db, request.params.id, by(request));
      return reply.code(204).send();
    },
  );
}
