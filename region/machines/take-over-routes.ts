import { machineDetail, machineTakeOver } from "@rackwright/contract";
import type { App } from "../http/app.ts";
import { administratorOf } from "../http/auth.ts";
import { readMachine } from "./read.ts";
import type { MachineDeps } from "./routes.ts";
import { takeOver } from "./take-over.ts";

/** The route by which machines come from another tool. */
export function registerTakeOverRoutes(routes: App, { db, clock }: MachineDeps): void {
  routes.post(
    "/api/v1/machines/take-over",
    {
      schema: {
        tags: ["machines"],
        summary: "Take a machine over from another tool, as it stands there",
        body: machineTakeOver,
        response: { 201: machineDetail },
      },
    },
    async (request, reply) => {
      const caller = administratorOf(request);
      const id = await takeOver(db, request.body, { caller, now: clock.now() });
      return reply.code(201).send(await readMachine(db, id, { viewer: caller, now: clock.now() }));
    },
  );
}
