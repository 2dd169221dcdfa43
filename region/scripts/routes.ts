import {
  hardwareType,
  pageOf,
  script,
  scriptDetail,
  scriptName,
  scriptTag,
  scriptType,
  scriptUpdate,
  scriptUpload,
} from "@rackwright/contract";
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import type { Clock } from "../clock.ts";
import type { Database } from "../database/pool.ts";
import { listQuery } from "../filter/page.ts";
import type { App } from "../http/app.ts";
import { administratorOf } from "../http/auth.ts";
import { deleteScript, updateScript } from "./change.ts";
import { createScript } from "./store.ts";
import { listScripts, readScript, scriptList } from "./read.ts";
import { acceptScriptTexts, besideText, bodies, bodyLimit } from "./upload.ts";
import { registerVersionRoutes, version } from "./version-routes.ts";

export type ScriptDeps = { db: Database; clock: Clock };

const tags = ["scripts"];
const params = z.object({ name: scriptName });
const flag = z.enum(["true", "false"]).transform((word) => word === "true");

/** Routes of scripts: list, make, read, change, go back, copy, delete. */
export function registerScriptRoutes(app: App, { db, clock }: ScriptDeps): void {
  app.register(async (scope) => registerIn(acceptScriptTexts(scope, bodyLimit), db, clock));
}

function registerIn(routes: App, db: Database, clock: Clock): void {
  const by = (request: FastifyRequest, comment = "") => ({
    actor: administratorOf(request).username,
    now: clock.now(),
    comment,
  });

  routes.get(
    "/api/v1/scripts",
    {
      schema: {
        tags,
        summary: "List scripts",
        querystring: listQuery(scriptList).extend({
          type: scriptType.optional(),
          hardware_type: hardwareType.optional(),
          tag: scriptTag.optional(),
          builtin: flag.optional(),
          q: z.string().min(1).max(100).optional().describe("part of a name or title"),
        }),
        response: { 200: pageOf(script) },
      },
    },
    async ({ query: { type, hardware_type, tag, builtin, q, ...asked } }) =>
      listScripts(db, { type, hardware_type, tag, builtin, q }, asked),
  );

  routes.post(
    "/api/v1/scripts",
    {
      bodyLimit,
      schema: {
        tags,
        summary: "Make a script of a text",
        description: bodies,
        querystring: besideText,
        body: scriptUpload,
        response: { 201: scriptDetail },
      },
    },
    async (request, reply) => {
      const { text, name, comment } = request.body;
      const change = by(request, comment);
      const made = await db.transaction().execute(async (tx) => {
        const named = await createScript(tx, { text, name }, change);
        return readScript(tx, named);
      });
      return reply.code(201).send(made);
    },
  );

  routes.get(
    "/api/v1/scripts/:name",
    {
      schema: {
        tags,
        summary: "One script with its text",
        params,
        querystring: z.object({ version }),
        response: { 200: scriptDetail },
      },
    },
    async ({ params: { name }, query }) => readScript(db, name, query.version),
  );

  routes.get(
    "/api/v1/scripts/:name/text",
    {
      schema: {
        tags,
        summary: "The text of a script alone",
        params,
        querystring: z.object({ version }),
        response: { 200: z.string() },
      },
    },
    async ({ params: { name }, query }, reply) => {
      const { text } = await readScript(db, name, query.version);
      return reply.type("text/plain; charset=utf-8").header("X-Content-Type-Options", "nosniff").send(text);
    },
  );

  routes.patch(
    "/api/v1/scripts/:name",
    {
      schema: {
        tags,
        summary: "Change title, description, tags or time limit",
        params,
        body: scriptUpdate,
        response: { 200: scriptDetail },
      },
    },
    async (incoming) => {
      const change = by(incoming);
      return db.transaction().execute(async (tx) => {
        await updateScript(tx, incoming.params.name, incoming.body, change);
        return readScript(tx, incoming.params.name);
      });
    },
  );

  routes.delete(
    "/api/v1/scripts/:name",
    {
      schema: {
        tags,
        summary: "Delete a script; its versions and results stay",
        params,
        response: { 204: z.undefined() },
      },
    },
    async (request, reply) => {
      const change = by(request);
      await db.transaction().execute((tx) => deleteScript(tx, request.params.name, change));
      return reply.code(204).send();
    },
  );

  registerVersionRoutes(routes, { db, by });
}
