import { agentReports, enlistRequest, sha256 } from "@rackwright/contract";
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import type { Clock } from "../clock.ts";
import { type Database, json } from "../database/pool.ts";
import { InputError, NotFound } from "../errors.ts";
import { authenticateMachine } from "../metadata/access.ts";
import { clientOf, leasedMac, rackUrl } from "../metadata/client.ts";
import { scriptText } from "../scripts/index.ts";
import { openBundle } from "./bundle.ts";
import { enlist } from "./enlistment.ts";
import { takeReports } from "./reports.ts";
import { currentTask } from "./tasks.ts";

export type AgentDeps = {
  db: Database;
  clock: Clock;
  /** Path of the agent's bundle. */
  bundle: string;
};

const largestReports = 8 * 1024 * 1024;
const largestEnlistment = 1024 * 1024;

/** Reads a body by its schema, every text in it made storable. Throws InputError naming the bad fields. */
function parse<T extends z.ZodType>(schema: T, body: unknown): z.infer<T> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return JSON.parse(json(parsed.data)) as z.infer<T>;
  const failures = parsed.error.issues
    .slice(0, 20)
    .map(({ path, message }) => ({ field: path.join(".") || "body", allowed: message }));
  throw new InputError(`${failures[0]?.field}: ${failures[0]?.allowed}`, { failures });
}

/**
 * What the agent on a machine asks of `/agent/v1/`: to enlist (anonymous), its task, to take its reports (both with the
 * machine's OAuth credentials), and its own newest bundle. Machines reach it through the HTTP port of their rack.
 */
export function registerAgentRoutes(app: FastifyInstance, { db, clock, bundle: path }: AgentDeps): void {
  const bundle = openBundle(path);
  app.route({
    method: "POST",
    url: "/agent/v1/enlist",
    bodyLimit: largestEnlistment,
    handler: async (request) => {
      const enlistment = parse(enlistRequest, request.body);
      const { address } = await clientOf(db, request, clock);
      const now = clock.now();
      return enlist(db, enlistment, { mac: await leasedMac(db, address, now), now });
    },
  });
  app.route({
    method: "GET",
    url: "/agent/v1/task",
    exposeHeadRoute: false,
    handler: async (request) => {
      const { id } = await authenticateMachine(db, request.headers.authorization);
      const rack = rackUrl(await clientOf(db, request, clock));
      return db.transaction().execute((tx) => currentTask(tx, id, rack, clock.now()));
    },
  });
  app.route({
    method: "POST",
    url: "/agent/v1/reports",
    bodyLimit: largestReports,
    handler: async (request) => {
      const { id } = await authenticateMachine(db, request.headers.authorization);
      const batch = parse(agentReports, request.body);
      return db.transaction().execute((tx) => takeReports(tx, id, batch, clock.now()));
    },
  });
  app.route({
    method: "GET",
    url: "/agent/v1/scripts/:sha256",
    exposeHeadRoute: false,
    handler: async (request, reply) => {
      const { id } = await authenticateMachine(db, request.headers.authorization);
      const { sha256: wanted } = parse(z.object({ sha256 }), request.params);
      return reply.type("text/plain; charset=utf-8").send(await scriptText(db, id, wanted));
    },
  });
  app.route({
    method: "GET",
    url: "/agent/v1/bundle",
    handler: async (request, reply) => {
      const found = await bundle.read();
      if (found === null) {
        throw new NotFound("The agent is not built.", { next: "Build it: npm run build, or reinstall Rackwright." });
      }
      void reply.header("ETag", `"${found.sha256}"`);
      if (request.headers["if-none-match"] === `"${found.sha256}"`) return reply.code(304).send();
      return reply.type("text/javascript; charset=utf-8").send(found.text);
    },
  });
}
