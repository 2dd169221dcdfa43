import {
  allocateRequest,
  deployRequest,
  event,
  machine,
  machineCreate,
  machineDetail,
  machineStatuses,
  machineUpdate,
  macAddress,
  pageOf,
  pageQuery,
  systemId,
  timeline,
} from "@rackwright/contract";
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import type { Clock } from "../clock.ts";
import type { Database } from "../database/pool.ts";
import { Denied } from "../errors.ts";
import { listEvents } from "../events/read.ts";
import { eventQuery } from "../events/query.ts";
import type { App } from "../http/app.ts";
import { administratorOf, callerOf } from "../http/auth.ts";
import { localActor, readUser } from "../users/users.ts";
import { ask, askPower, deleteMachine, deployMachine, updateMachine } from "./actions.ts";
import { allocateMachine } from "./allocate.ts";
import { insertMachine } from "./create.ts";
import type { Caller } from "./fire.ts";
import { listMachines, readMachine } from "./read.ts";
import { readTimeline } from "./timeline.ts";
import { appendEvent } from "../events/append.ts";

export type MachineDeps = { db: Database; clock: Clock };

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
  q: z.string().min(1).max(100).optional().describe("part of a hostname, MAC address, id or serial number"),
});

/** Whom a machine is allocated to: the caller, or somebody an administrator names. */
async function ownerFor(db: Database, caller: Caller, owner: string | undefined): Promise<number> {
  if (owner === undefined || owner === caller.username) return caller.id;
  if (!caller.administrator) throw new Denied("Only an administrator may allocate a machine to somebody else.");
  return (await readUser(db, owner === localActor ? "root" : owner)).id;
}

/** Routes of machines: list, make known, change, forget, and everything that can be asked of one. */
export function registerMachineRoutes(routes: App, { db, clock }: MachineDeps): void {
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
      const { hostname, architecture, macs, power_driver, power_parameters } = request.body;
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
        await appendEvent(tx, {
          type: "machine.action",
          at: now,
          machine_id: made.id,
          mac: macs[0] ?? null,
          actor: caller.username,
          message: `${caller.username} made ${made.hostname} known`,
          data: { action: "create", macs },
        });
        return made.id;
      });
      return reply.code(201).send(await show(request, id));
    },
  );

  routes.post(
    "/api/v1/machines/allocate",
    {
      schema: {
        tags,
        summary: "Allocate a ready machine, the smallest that fits",
        body: allocateRequest.prefault({}),
        response: { 200: machineDetail },
      },
    },
    async (incoming) => {
      const { owner, ...wish } = incoming.body;
      const caller = callerOf(incoming);
      const ownerId = await ownerFor(db, caller, owner);
      const id = await db
        .transaction()
        .execute((tx) => allocateMachine(tx, wish, { caller, ownerId, now: clock.now() }));
      return show(incoming, id);
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
        summary: "Change name or power parameters",
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

  for (const trigger of ["commission", "release", "abort"] as const)
    routes.post(
      `/api/v1/machines/:id/${trigger}`,
      { schema: { tags, summary: `Ask a machine to ${trigger}`, params, response: { 200: machineDetail } } },
      async (incoming) => {
        await ask(db, incoming.params.id, trigger, by(incoming));
        return show(incoming, incoming.params.id);
      },
    );

  routes.post(
    "/api/v1/machines/:id/deploy",
    {
      // A million characters of user data may be several bytes each.
      bodyLimit: 8 * 1024 * 1024,
      schema: {
        tags,
        summary: "Put an operating system on a machine",
        params,
        body: deployRequest.prefault({}),
        response: { 200: machineDetail },
      },
    },
    async (incoming) => {
      const { owner, ...deployment } = incoming.body;
      const ownerId = await ownerFor(db, callerOf(incoming), owner);
      await deployMachine(db, incoming.params.id, deployment, { ...by(incoming), ownerId });
      return show(incoming, incoming.params.id);
    },
  );

  routes.post(
    "/api/v1/machines/:id/power/:action",
    {
      schema: {
        tags,
        summary: "Switch a machine, or ask its BMC; what comes of it is told in the events",
        params: params.extend({ action: z.enum(["on", "off", "cycle", "query"]) }),
        response: { 202: machineDetail },
      },
    },
    async (request, reply) => {
      await askPower(db, request.params.id, request.params.action, by(request));
      return reply.code(202).send(await show(request, request.params.id));
    },
  );

  routes.get(
    "/api/v1/machines/:id/timeline",
    { schema: { tags, summary: "Phases of a machine's life with their times", params, response: { 200: timeline } } },
    async (incoming) => readTimeline(db, incoming.params.id),
  );

  routes.get(
    "/api/v1/machines/:id/events",
    {
      schema: {
        tags,
        summary: "Events of one machine",
        params,
        querystring: eventQuery.omit({ machine: true }),
        response: { 200: pageOf(event) },
      },
    },
    async (incoming) => {
      const { limit, cursor, order, ...filter } = incoming.query;
      return listEvents(db, { ...filter, machine: incoming.params.id }, { limit, cursor, order });
    },
  );
}
