import {
  filterText,
  machine,
  machineCreate,
  machineDetail,
  machineStatuses,
  machineUpdate,
  macAddress,
  pageOf,
  pageQuery,
  systemId,
} from "@rackwright/contract";
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import type { Clock } from "../clock.ts";
import type { Database } from "../database/pool.ts";
import type { App } from "../http/app.ts";
import { callerOf } from "../http/auth.ts";
import type { Log } from "../log.ts";
import { registerActionRoutes } from "./action-routes.ts";
import { deleteMachine } from "./forget.ts";
import { updateMachine } from "./change.ts";
import { registerHistoryRoutes } from "./history-routes.ts";
import { makeMachine } from "./make.ts";
import { registerCountRoutes } from "./count-routes.ts";
import { machineSort } from "./order.ts";
import { listMachines, readMachine } from "./read.ts";
import { registerTakeOverRoutes } from "./take-over-routes.ts";
import { registerUseRoutes } from "./use-routes.ts";

export type MachineDeps = { db: Database; clock: Clock; log: Log };

const tags = ["machines"];
const params = z.object({ id: systemId });

const statusList = z
  .string()
  .transform((text) => text.split(",").map((word) => word.trim()))
  .pipe(z.array(z.enum(machineStatuses)))
  .describe(`one status or several with commas between: ${machineStatuses.join(", ")}`);

export const machineQuery = pageQuery.extend({
  status: statusList.optional(),
  hostname: z.string().max(63).optional(),
  mac: macAddress.optional(),
  q: z.string().min(1).max(100).optional().describe("part of a hostname, MAC address, id, serial number or model"),
  filter: filterText.optional(),
  sort: machineSort.optional(),
  cursor: z.string().max(4000).optional(),
});

/** Routes of machines: list, make known, change, forget, and everything that can be asked of one. */
export function registerMachineRoutes(routes: App, { db, clock, log }: MachineDeps): void {
  const by = (request: FastifyRequest) => ({ caller: callerOf(request), now: clock.now() });
  const show = (request: FastifyRequest, id: string) =>
    readMachine(db, id, { viewer: callerOf(request), now: clock.now() });

  routes.get(
    "/api/v1/machines",
    { schema: { tags, summary: "List machines", querystring: machineQuery, response: { 200: pageOf(machine) } } },
    async (incoming) => {
      const { limit, cursor, sort, ...filter } = incoming.query;
      return listMachines(db, filter, { limit, cursor, sort, viewer: callerOf(incoming), now: clock.now() });
    },
  );

  routes.post(
    "/api/v1/machines",
    {
      schema: {
        tags,
        summary: "Make a machine known before it ever booted",
        body: machineCreate,
        response: { 201: machineDetail },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const { architecture, macs, ...change } = request.body;
      const id = await makeMachine(db, { architecture, macs, change }, { caller, now: clock.now() });
      return reply.code(201).send(await show(request, id));
    },
  );

  routes.get(
    "/api/v1/machines/:id",
    { schema: { tags, summary: "One machine with its inventory", params, response: { 200: machineDetail } } },
    async (incoming) => show(incoming, incoming.params.id),
  );

  routes.patch(
    "/api/v1/machines/:id",
    {
      schema: {
        tags,
        summary: "Change name, power parameters, zone or resource pool",
        params,
        body: machineUpdate,
        response: { 200: machineDetail },
      },
    },
    async (incoming) => {
      await updateMachine(db, incoming.params.id, incoming.body, by(incoming));
      return show(incoming, incoming.params.id);
    },
  );

  routes.delete(
    "/api/v1/machines/:id",
    { schema: { tags, summary: "Forget a machine", params, response: { 204: z.undefined() } } },
    async (request, reply) => {
      await deleteMachine(db, request.params.id, by(request));
      return reply.code(204).send();
    },
  );

  registerCountRoutes(routes, db);
  registerActionRoutes(routes, { db, clock, log, show });
  registerTakeOverRoutes(routes, { db, clock, log });
  registerUseRoutes(routes, { db, clock, show });
  registerHistoryRoutes(routes, db);
}
