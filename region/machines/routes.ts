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
import { administratorOf, callerOf } from "../http/auth.ts";
import type { Log } from "../log.ts";
import { registerActionRoutes } from "./action-routes.ts";
import { deleteMachine } from "./forget.ts";
import { updateMachine } from "./change.ts";
import { insertMachine } from "./create.ts";
import { registerHistoryRoutes } from "./history-routes.ts";
import { listMachines, readMachine } from "./read.ts";
import { registerUseRoutes } from "./use-routes.ts";
import { appendAudit } from "../events/audit.ts";
import { setPlace } from "../zones/index.ts";

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
      const { limit, cursor, ...filter } = incoming.query;
      return listMachines(db, filter, { limit, cursor, viewer: callerOf(incoming), now: clock.now() });
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
      const caller = administratorOf(request);
      const { hostname, architecture, macs, power_driver, power_parameters, zone, pool } = request.body;
      const now = clock.now();
      const id = await db.transaction().execute(async (tx) => {
        const made = await insertMachine(tx, {
          hostname,
          architecture,
          powerDriver: power_driver,
          powerParameters: power_parameters,
          interfaces: [...new Set(macs)].map((mac, index) => ({ name: `eth${index}`, mac })),
          now,
        });
        await setPlace(tx, [made.id], { zone, pool });
        await appendAudit(tx, {
          type: "machine.action",
          at: now,
          machine_id: made.id,
          mac: macs[0] ?? null,
          actor: caller.username,
          message: `${caller.username} made ${made.hostname} known`,
          after: { hostname: made.hostname, architecture, macs, power_driver, power_parameters },
          data: { action: "create", macs },
        });
        return made.id;
      });
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
      administratorOf(incoming);
      await updateMachine(db, incoming.params.id, incoming.body, by(incoming));
      return show(incoming, incoming.params.id);
    },
  );

  routes.delete(
    "/api/v1/machines/:id",
    { schema: { tags, summary: "Forget a machine", params, response: { 204: z.undefined() } } },
    async (request, reply) => {
      administratorOf(request);
      await deleteMachine(db, request.params.id, by(request));
      return reply.code(204).send();
    },
  );

  registerActionRoutes(routes, { db, clock, log, show });
  registerUseRoutes(routes, { db, clock, show });
  registerHistoryRoutes(routes, db);
}
