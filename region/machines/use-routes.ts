import { allocateRequest, deployRequest, machineDetail, systemId } from "@rackwright/contract";
import type { MachineDetail } from "@rackwright/contract";
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import type { Clock } from "../clock.ts";
import type { Database } from "../database/pool.ts";
import { Denied } from "../errors.ts";
import type { App } from "../http/app.ts";
import { callerOf } from "../http/auth.ts";
import { localActor, readUser } from "../users/users.ts";
import { allocateMachine } from "./allocate.ts";
import { deployMachine } from "./deploy.ts";
import type { Caller } from "./fire.ts";
import { askPower } from "./switch.ts";

const tags = ["machines"];
const params = z.object({ id: systemId });

type Deps = {
  db: Database;
  clock: Clock;
  show: (request: FastifyRequest, id: string) => Promise<MachineDetail>;
};

/** Whom a machine is allocated to: the caller, or somebody an administrator or operator names. */
async function ownerFor(db: Database, caller: Caller, owner: string | undefined): Promise<number> {
  if (owner === undefined || owner === caller.username) return caller.id;
  // Whether he operates this machine's pool is seen when the machine is known (`fire`).
  if (!caller.administrator && !caller.grants?.some(({ role }) => role === "operator"))
    throw new Denied("Only an administrator, or an operator, may allocate a machine to somebody else.");
  return (await readUser(db, owner === localActor ? "root" : owner)).id;
}

/** Routes of a machine's use: allocate it, put a system on it, switch it. */
export function registerUseRoutes(routes: App, { db, clock, show }: Deps): void {
  const by = (request: FastifyRequest) => ({ caller: callerOf(request), now: clock.now() });

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
}
