import {
  pageOf,
  scriptCopy,
  scriptDetail,
  scriptName,
  scriptReplacement,
  scriptRevert,
  scriptVersion,
} from "@rackwright/contract";
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import type { Database } from "../database/pool.ts";
import { listQuery } from "../filter/page.ts";
import type { App } from "../http/app.ts";
import { copyScript, revertScript } from "./change.ts";
import { listVersions, readScript, versionList } from "./read.ts";
import { type Change, replaceText } from "./store.ts";
import { besideText, bodies, bodyLimit } from "./upload.ts";

const tags = ["scripts"];
const params = z.object({ name: scriptName });
/** Number of a version, in a query. */
export const version = z.coerce.number().int().positive().max(Number.MAX_SAFE_INTEGER).optional();

type Deps = { db: Database; by: (request: FastifyRequest, comment?: string) => Change };

/** Routes of a script's texts: give it a new one, list those it had, go back, copy. */
export function registerVersionRoutes(routes: App, { db, by }: Deps): void {
  routes.put(
    "/api/v1/scripts/:name/text",
    {
      bodyLimit,
      schema: {
        tags,
        summary: "Give a script a new text, as a new version",
        description: bodies,
        params,
        querystring: besideText,
        body: scriptReplacement,
        response: { 200: scriptDetail },
      },
    },
    async (incoming) => {
      const { name } = incoming.params;
      const change = by(incoming, incoming.body.comment);
      return db.transaction().execute(async (tx) => {
        await replaceText(tx, name, incoming.body.text, change);
        return readScript(tx, name);
      });
    },
  );

  routes.get(
    "/api/v1/scripts/:name/versions",
    {
      schema: {
        tags,
        summary: "Texts a script had, the newest first",
        params,
        querystring: listQuery(versionList),
        response: { 200: pageOf(scriptVersion) },
      },
    },
    async ({ params: { name }, query }) => listVersions(db, name, query),
  );

  routes.post(
    "/api/v1/scripts/:name/revert",
    {
      schema: {
        tags,
        summary: "Go back to an earlier text",
        params,
        body: scriptRevert,
        response: { 200: scriptDetail },
      },
    },
    async (incoming) => {
      const { name } = incoming.params;
      const change = by(incoming, incoming.body.comment);
      return db.transaction().execute(async (tx) => {
        await revertScript(tx, name, incoming.body.version, change);
        return readScript(tx, name);
      });
    },
  );

  routes.post(
    "/api/v1/scripts/:name/copy",
    {
      schema: {
        tags,
        summary: "Copy a script under another name",
        params,
        body: scriptCopy,
        response: { 201: scriptDetail },
      },
    },
    async (request, reply) => {
      const change = by(request, request.body.comment);
      const made = await db.transaction().execute(async (tx) => {
        await copyScript(tx, request.params.name, request.body.name, change);
        return readScript(tx, request.body.name);
      });
      return reply.code(201).send(made);
    },
  );
}
