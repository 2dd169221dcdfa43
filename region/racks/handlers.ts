import type { BootDecision, BootRequest, LinkHandlers, regionMethods } from "@rackwright/contract";
import type { Clock } from "../clock.ts";
import type { Database } from "../database/pool.ts";
import { foreseeBoot } from "../boot/decide.ts";
import { appendEvent } from "../events/append.ts";
import { learnSubnets } from "../networks/learn.ts";
import { commitLeases } from "../networks/lease-commit.ts";
import type { AllocationHints } from "../networks/lease-free.ts";
import { foreseeLease } from "../networks/lease-foresee.ts";
import { offerLeases } from "../networks/lease-offer.ts";
import { reportLeases } from "../networks/lease-report.ts";
import { buildRackConfig } from "./config.ts";
import type { RackConnection } from "./connection.ts";
import { takeRackEvents } from "./events.ts";
import { notifyRacks } from "./notify.ts";
import { rackConnected } from "./rows.ts";

export type RackHandlers = LinkHandlers<typeof regionMethods>;

export type HandlerDeps = {
  readonly db: Database;
  readonly clock: Clock;
  /** The one answer to what a network card boots (region/boot). */
  readonly decideBoot: (request: BootRequest, rack: string) => Promise<BootDecision>;
};

/** What a rack may ask of the region. Translates only: rules and statements live with their nouns. */
export function rackHandlers(deps: HandlerDeps, hints: AllocationHints, connection: RackConnection): RackHandlers {
  const { db, clock, decideBoot } = deps;
  const { rack } = connection;
  return {
    "rack.hello": async (hello) => {
      await db.transaction().execute(async (tx) => {
        await rackConnected(tx, rack, hello, connection.since);
        await learnSubnets(tx, rack, hello.interfaces);
        await notifyRacks(tx);
        // A rack says hello again whenever its interfaces change.
        if (connection.ready) return;
        const message = `Rack ${rack} is connected.`;
        await appendEvent(tx, {
          type: "rack.connected",
          rack,
          actor: "rack",
          message,
          data: { version: hello.version },
        });
      });
      const config = await buildRackConfig(db, rack, clock.now());
      connection.configSent(config);
      connection.interfaces = hello.interfaces;
      connection.ready = true;
      return config;
    },
    "lease.offer": async ({ requests }) => ({ answers: await offerLeases(db, requests, hints, clock.now()) }),
    "lease.commit": async ({ requests }) => ({ answers: await commitLeases(db, requests, clock.now()) }),
    "lease.report": async ({ reports }) => {
      await reportLeases(db, reports, clock.now());
      return {};
    },
    "boot.decide": (request) => decideBoot(request, rack),
    "boot.foresee": (request) => foreseeBoot(db, request),
    "lease.foresee": (request) => foreseeLease(db, request, hints, clock.now()),
    "events.report": async ({ boot, events }) => ({
      through: await takeRackEvents(db, rack, boot, events, clock.now()),
    }),
  };
}
