import {
  bulkRequest,
  bulkResult,
  cloneRequest,
  commentRequest,
  commissionRequest,
  machineDetail,
  releaseRequest,
  systemId,
  testRequest,
} from "@rackwright/contract";
import type { MachineDetail } from "@rackwright/contract";
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import type { Clock } from "../clock.ts";
import type { Database } from "../database/pool.ts";
import type { App } from "../http/app.ts";
import { callerOf } from "../http/auth.ts";
import type { Log } from "../log.ts";
import { ask, commissionMachine, releaseMachine, testMachine } from "./ask.ts";
import { runBulk } from "./bulk.ts";
import { cloneMachine } from "./clone.ts";

const tags = ["machines"];
const params = z.object({ id: systemId });

/** Actions that take nothing but a comment, with what they do. */
const plainActions = {
  abort: "End what a machine is doing and switch it off",
  override_failed_testing: "Use a machine although its tests failed",
  rescue_mode: "Boot the ephemeral system with an ssh login, to repair what is on the disks",
  exit_rescue_mode: "Leave rescue mode: back to what the machine was",
  mark_broken: "Keep a machine from being used",
  mark_fixed: "Let a broken machine be used again",
  lock: "Let nothing be asked of a machine until it is unlocked",
  unlock: "Let actions be asked of a machine again",
} as const;

type Deps = {
  db: Database;
  clock: Clock;
  log: Log;
  show: (request: FastifyRequest, id: string) => Promise<MachineDetail>;
};

/** Routes of everything that can be asked of a machine's life, of one machine or of many. */
export function registerActionRoutes(routes: App, { db, clock, log, show }: Deps): void {
  const by = (request: FastifyRequest) => ({ caller: callerOf(request), now: clock.now() });
  const answer = { 200: machineDetail };

  for (const action of ["abort", "override_failed_testing", "rescue_mode", "exit_rescue_mode"] as const) plain(action);
  for (const action of ["mark_broken", "mark_fixed", "lock", "unlock"] as const) plain(action);
  function plain(action: keyof typeof plainActions): void {
    routes.post(
      `/api/v1/machines/:id/${action}`,
      {
        schema: { tags, summary: plainActions[action], params, body: commentRequest.prefault({}), response: answer },
      },
      async (incoming) => {
        await ask(db, incoming.params.id, action, incoming.body.comment, by(incoming));
        return show(incoming, incoming.params.id);
      },
    );
  }

  for (const action of ["commission", "accept"] as const)
    routes.post(
      `/api/v1/machines/:id/${action}`,
      {
        schema: {
          tags,
          summary:
            action === "commission"
              ? "Take a machine's inventory, set up its BMC, run scripts and tests"
              : "Accept a machine that was found: commission it",
          params,
          body: commissionRequest.prefault({}),
          response: answer,
        },
      },
      async (incoming) => {
        await commissionMachine(db, incoming.params.id, incoming.body, by(incoming));
        return show(incoming, incoming.params.id);
      },
    );

  routes.post(
    "/api/v1/machines/:id/test",
    {
      schema: { tags, summary: "Test a machine's hardware", params, body: testRequest.prefault({}), response: answer },
    },
    async (incoming) => {
      await testMachine(db, incoming.params.id, incoming.body, by(incoming));
      return show(incoming, incoming.params.id);
    },
  );

  routes.post(
    "/api/v1/machines/:id/release",
    {
      schema: {
        tags,
        summary: "Give a machine back to the pool, wiped where asked",
        params,
        body: releaseRequest.prefault({}),
        response: answer,
      },
    },
    async (incoming) => {
      await releaseMachine(db, incoming.params.id, incoming.body, by(incoming));
      return show(incoming, incoming.params.id);
    },
  );

  routes.post(
    "/api/v1/machines/bulk",
    {
      schema: {
        tags,
        summary: "Ask the same of up to 1000 machines; each is answered for itself",
        body: bulkRequest,
        response: { 200: bulkResult },
      },
    },
    async (incoming) => runBulk(db, incoming.body, by(incoming), log),
  );

  routes.post(
    "/api/v1/machines/clone",
    {
      schema: {
        tags,
        summary: "Set machines up as another one is: zone, pool, tags",
        body: cloneRequest,
        response: { 200: bulkResult },
      },
    },
    async (incoming) => cloneMachine(db, incoming.body, by(incoming), log),
  );
}
